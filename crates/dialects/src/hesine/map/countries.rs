//! Countries by the vendor's own numbers: four digits, counted from 0001.

/// The countries in the order of their numbers, by ISO 3166. Three are of the past: the vendor still counts the Netherlands
/// Antilles and Yugoslavia, and calls the Democratic Republic of the Congo by its old name.
const COUNTRIES: &str = "CN HK MO TW CA US RU FR IT GB DE MY AU ID PH NZ SG TH JP KR VN IN KH AL DZ AF AR AE AW OM AZ AC EG ET IE \
    EE AD AO AI AG AT BB PG BS PK PY PS BH PA BR BY BM BG BJ BE IS PR PL BA BO BZ BW BT BF BI KP GQ DK TL AS \
    TG DO EC ER FO PF GF VA FJ FI CV FK GM CG CO CR GD GL GE CU GU GY KZ HT NL AN ME HN KI DJ KG GN GW GH GA \
    CZ ZW CM QA KY KM XK CI KW HR KE CK LV LS LA LB LT LR LY LI RE LU RW RO MG MV MT MW ML MP MK MH MQ YT MU \
    MR MN MS BD PE FM MM MD MA MC MZ MX NA ZA AQ YU SS NR NP NI NE NG NU NO PW PN PT SE CH SV RS SL SN CY SC \
    SA ZM BL ST LC MF SM PM VC LK SK SI SZ SD SR SB SO TJ TZ TO TT TN TV TR TM TK WF VU GT VE BN UG UA UY UZ \
    ES EH WS GR NC HU SY JM AM YE IQ IR IL JO CD TD GI CL CF";

/// The country with this number.
pub(super) fn country_of(number: &str) -> Option<&'static str> {
    let place: usize = number.parse().ok().filter(|_| number.len() == 4)?;
    COUNTRIES.split(' ').nth(place.checked_sub(1)?)
}

/// The number of a country; none for one that the vendor does not count.
pub(super) fn number_of(country: &str) -> Option<String> {
    let place = COUNTRIES.split(' ').position(|known| known == country)?;
    Some(format!("{:04}", place + 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_number_has_its_country_and_leads_back() {
        for number in 1..=229 {
            let number = format!("{number:04}");
            let country = country_of(&number).expect("a country");
            assert_eq!((country.len(), number_of(country)), (2, Some(number)));
        }
        for (number, country) in
            [("0006", "US"), ("0051", "BY"), ("0101", "KG"), ("0151", "MZ"), ("0229", "CF")]
        {
            assert_eq!(country_of(number), Some(country));
        }
        for wrong in ["0000", "0230", "6", "", "US", "00006"] {
            assert_eq!(country_of(wrong), None);
        }
        assert_eq!(number_of("ZZ"), None);
    }
}
