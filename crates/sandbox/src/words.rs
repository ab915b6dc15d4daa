//! The words from which people, departments and jobs are put together. Whoever bears such a name does so by chance.

/// Surnames with their spelling in Latin letters.
pub(crate) const SURNAMES: &[(&str, &str)] = &[
    ("赵", "zhao"),
    ("钱", "qian"),
    ("孙", "sun"),
    ("李", "li"),
    ("周", "zhou"),
    ("吴", "wu"),
    ("郑", "zheng"),
    ("王", "wang"),
    ("冯", "feng"),
    ("陈", "chen"),
    ("褚", "chu"),
    ("卫", "wei"),
    ("蒋", "jiang"),
    ("沈", "shen"),
    ("韩", "han"),
    ("杨", "yang"),
    ("朱", "zhu"),
    ("秦", "qin"),
    ("许", "xu"),
    ("何", "he"),
    ("吕", "lv"),
    ("张", "zhang"),
    ("曹", "cao"),
    ("严", "yan"),
    ("金", "jin"),
    ("魏", "wei"),
    ("陶", "tao"),
    ("姜", "jiang"),
    ("谢", "xie"),
    ("邹", "zou"),
    ("柏", "bai"),
    ("窦", "dou"),
    ("苏", "su"),
    ("潘", "pan"),
    ("葛", "ge"),
    ("范", "fan"),
    ("彭", "peng"),
    ("鲁", "lu"),
    ("马", "ma"),
    ("方", "fang"),
    ("任", "ren"),
    ("袁", "yuan"),
    ("柳", "liu"),
    ("唐", "tang"),
    ("薛", "xue"),
    ("雷", "lei"),
    ("贺", "he"),
    ("罗", "luo"),
    ("郝", "hao"),
    ("安", "an"),
    ("常", "chang"),
    ("傅", "fu"),
    ("齐", "qi"),
    ("康", "kang"),
    ("余", "yu"),
    ("顾", "gu"),
    ("孟", "meng"),
    ("黄", "huang"),
    ("欧阳", "ouyang"),
    ("司马", "sima"),
    ("诸葛", "zhuge"),
    ("上官", "shangguan"),
];

/// Characters of given names that are mostly men's.
pub(crate) const GIVEN_MEN: &[(&str, &str)] = &[
    ("伟", "wei"),
    ("强", "qiang"),
    ("磊", "lei"),
    ("军", "jun"),
    ("洋", "yang"),
    ("勇", "yong"),
    ("杰", "jie"),
    ("涛", "tao"),
    ("明", "ming"),
    ("超", "chao"),
    ("刚", "gang"),
    ("平", "ping"),
    ("辉", "hui"),
    ("鹏", "peng"),
    ("华", "hua"),
    ("飞", "fei"),
    ("鑫", "xin"),
    ("波", "bo"),
    ("斌", "bin"),
    ("宇", "yu"),
    ("浩", "hao"),
    ("凯", "kai"),
    ("健", "jian"),
    ("俊", "jun"),
    ("帆", "fan"),
    ("帅", "shuai"),
    ("旭", "xu"),
    ("宁", "ning"),
    ("龙", "long"),
    ("林", "lin"),
    ("欢", "huan"),
    ("佳", "jia"),
    ("阳", "yang"),
    ("建", "jian"),
    ("亮", "liang"),
];

/// Characters of given names that are mostly women's.
pub(crate) const GIVEN_WOMEN: &[(&str, &str)] = &[
    ("芳", "fang"),
    ("娜", "na"),
    ("敏", "min"),
    ("静", "jing"),
    ("丽", "li"),
    ("艳", "yan"),
    ("娟", "juan"),
    ("霞", "xia"),
    ("秀", "xiu"),
    ("玲", "ling"),
    ("桂", "gui"),
    ("英", "ying"),
    ("慧", "hui"),
    ("洁", "jie"),
    ("莉", "li"),
    ("雪", "xue"),
    ("琳", "lin"),
    ("晶", "jing"),
    ("倩", "qian"),
    ("颖", "ying"),
    ("悦", "yue"),
    ("婷", "ting"),
    ("梅", "mei"),
    ("兰", "lan"),
    ("萍", "ping"),
    ("红", "hong"),
    ("玉", "yu"),
    ("璐", "lu"),
    ("瑶", "yao"),
    ("欣", "xin"),
    ("怡", "yi"),
    ("丹", "dan"),
    ("文", "wen"),
    ("雯", "wen"),
    ("蕾", "lei"),
];

/// Parts of names that are written with a dot between them.
pub(crate) const DOTTED: &[(&str, &str)] = &[
    ("阿迪力", "adil"),
    ("古丽娜", "gulina"),
    ("买买提", "memet"),
    ("努尔兰", "nurlan"),
    ("热依汗", "reyhan"),
    ("吐尔逊", "tursun"),
    ("帕提玛", "patime"),
    ("艾力", "eli"),
];

/// First names of people from abroad.
pub(crate) const FOREIGN_FIRST: &[&str] =
    &["Anna", "Tomás", "Yūko", "Łukasz", "Priya", "Émile", "Björn", "Noor", "Mai-Linh", "D'Arcy"];

/// Last names of people from abroad.
pub(crate) const FOREIGN_LAST: &[&str] = &[
    "Schmidt",
    "Núñez",
    "Satō",
    "Wójcik",
    "Raman",
    "Lefèvre",
    "Åberg",
    "van der Berg",
    "O'Hara",
    "Smith-Jones",
];

/// What colleagues call each other.
pub(crate) const NICKNAMES: &[&str] = &[
    "小雨", "Leo", "大树", "Momo", "阿哲", "Cici", "石头", "Kevin", "小满", "豆豆", "Ray", "糖糖", "J.J.",
    "老K",
];

/// Banks that do not exist.
pub(crate) const BANKS: &[&str] = &["示例银行", "样板商业银行", "沙盒农村信用社", "Sample Bank (China)"];

/// The four legal entities: full name, short name, parent, registered address, representative.
pub(crate) const LEGAL_ENTITIES: [(&str, &str, Option<usize>, &str, &str); 4] = [
    ("云帆样例科技(示例)有限公司", "云帆总公司", None, "示例省样本市第一大道1号", "柏云帆"),
    ("云帆样例科技(示例)有限公司华东分公司", "华东分公司", None, "示例省东样市湖滨路88号", "窦东来"),
    ("云帆样例制造有限公司", "云帆制造", None, "示例省西样市工业园三路5号", "上官铁"),
    ("云帆样例科技华东分公司海岛办事处", "海岛办事处", Some(1), "示例省岛样县码头街2号", "诸葛海"),
];

/// The first departments with the index of the one above: all five levels, in every company.
pub(crate) const FIRST_DEPARTMENTS: [(&str, Option<u32>); 14] = [
    ("云帆样例科技", None),
    ("研发中心", Some(0)),
    ("销售中心", Some(0)),
    ("生产中心", Some(0)),
    ("职能中心", Some(0)),
    ("平台研发部", Some(1)),
    ("华东大区", Some(2)),
    ("制造一部", Some(3)),
    ("人力资源部", Some(4)),
    ("R&D 后端组", Some(5)),
    ("上海分部(Shanghai)", Some(6)),
    ("一车间", Some(7)),
    ("存储小组", Some(9)),
    ("甲班", Some(11)),
];

/// The first half of a department's name, by branch.
pub(crate) const BRANCH_PREFIXES: [&[&str]; 4] = [
    &["前端", "后端", "测试", "数据", "算法", "安全", "架构", "AI Lab "],
    &["华南", "华北", "西南", "西北", "渠道", "大客户", "电商", "海外Global"],
    &["装配", "焊接", "喷涂", "质检", "仓储", "设备", "物流", "包装"],
    &["财务", "法务", "行政", "采购", "审计", "品牌", "培训", "IT "],
];

/// The second half of a department's name, by level.
pub(crate) const LEVEL_SUFFIXES: [&str; 5] = ["公司", "中心", "部", "组", "小组"];

/// Jobs, by branch.
pub(crate) const JOBS: [&[&str]; 4] = [
    &["后端工程师", "前端工程师", "测试工程师", "产品经理", "UI/UX 设计师", "数据分析师"],
    &["客户经理", "销售代表", "售前顾问", "渠道专员", "Key Account Manager"],
    &["装配工", "质检员", "设备技师", "班组长", "仓管员"],
    &["人事专员", "会计", "出纳", "法务专员", "行政助理", "采购专员"],
];

/// Grades from low to high.
pub(crate) const GRADES: &[&str] = &["P3", "P4", "P5", "P6", "P7", "P8"];

/// Grades of those who lead.
pub(crate) const LEADER_GRADES: [&str; 5] = ["M5", "M4", "M3", "M2", "M1"];
