"""The ordinary script that a hub competes with: pull every page, upsert the columns. Standard library only."""

import json
import sqlite3
import sys
import urllib.parse
import urllib.request

FIELDS = """uuid name sex email mobile empno phone_number id_number address bank_name bank_card photo marriage
birthday join_date probation_end_date avatar leave_date category status department_uuid exmail job_title job_grade
nickname dingtalk_id wework_id leader_uuid virtual_leader_uuid sub_company""".split()


def main(base, path):
    database = sqlite3.connect(path)
    columns = ", ".join(f"{field} TEXT" for field in FIELDS if field != "uuid")
    database.execute(f"CREATE TABLE IF NOT EXISTS employee (uuid TEXT PRIMARY KEY, {columns})")
    updates = ", ".join(f"{field} = excluded.{field}" for field in FIELDS if field != "uuid")
    upsert = (
        f"INSERT INTO employee ({', '.join(FIELDS)}) VALUES ({', '.join('?' for _ in FIELDS)}) "
        f"ON CONFLICT (uuid) DO UPDATE SET {updates}"
    )
    page, pages, rows = 1, 1, 0
    while page <= pages:
        payload = json.dumps({"pagination": {"page": page}})
        query = urllib.parse.urlencode({"access_key": "ak", "tonce": "0", "signature": "0", "payload": payload})
        with urllib.request.urlopen(f"{base}/api/v2/employees?{query}") as reply:
            answer = json.load(reply)
        employees = answer["employees"]
        database.executemany(upsert, [[employee.get(field) for field in FIELDS] for employee in employees])
        database.commit()
        rows += len(employees)
        pages, page = answer["totalPages"], page + 1
    database.close()
    print(json.dumps({"rows": rows}))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
