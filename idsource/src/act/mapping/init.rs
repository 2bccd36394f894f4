//! A first mapping, guessed from column names.

use std::collections::BTreeSet;

use aws_sdk_dynamodb::Client;
use serde_json::{Map, Value, json};

use super::records;
use crate::{
    act::text_file,
    cli::{Cli, MappingInit},
    failure::Failure,
    show::{self, Document, Exit, Tone},
};

/// Attributes of Okta's base profile, and common names of their columns. The first name that exists
/// is used. Case and punctuation do not matter.
const ATTRIBUTES: [(&str, &[&str]); 24] = [
    (
        "userName",
        &[
            "username",
            "login",
            "upn",
            "userprincipalname",
            "email",
            "mail",
            "workemail",
            "emailaddress",
        ],
    ),
    (
        "email",
        &["email", "mail", "workemail", "emailaddress", "primaryemail"],
    ),
    (
        "firstName",
        &[
            "firstname",
            "givenname",
            "forename",
            "first",
            "legalfirstname",
        ],
    ),
    (
        "lastName",
        &[
            "lastname",
            "surname",
            "familyname",
            "sn",
            "last",
            "legallastname",
        ],
    ),
    (
        "secondEmail",
        &["secondemail", "privateemail", "personalemail", "homeemail"],
    ),
    (
        "displayName",
        &["displayname", "fullname", "name", "commonname"],
    ),
    ("middleName", &["middlename"]),
    ("nickName", &["nickname", "preferredname", "knownas"]),
    ("title", &["title", "jobtitle", "position", "jobname"]),
    ("department", &["department", "dept", "team", "orgunit"]),
    ("division", &["division"]),
    (
        "organization",
        &["organization", "organisation", "company", "legalentity"],
    ),
    ("costCenter", &["costcenter", "costcentre"]),
    (
        "employeeNumber",
        &[
            "employeenumber",
            "employeeid",
            "personnelnumber",
            "staffid",
            "workerid",
        ],
    ),
    ("manager", &["manager", "managername"]),
    ("managerId", &["managerid", "manageremail", "supervisorid"]),
    (
        "mobilePhone",
        &["mobilephone", "mobile", "cell", "cellphone", "mobilenumber"],
    ),
    (
        "primaryPhone",
        &[
            "primaryphone",
            "phone",
            "workphone",
            "telephone",
            "telephonenumber",
        ],
    ),
    (
        "streetAddress",
        &["streetaddress", "street", "address", "addressline1"],
    ),
    ("city", &["city", "town", "locality"]),
    ("state", &["state", "province", "region", "county"]),
    ("zipCode", &["zipcode", "zip", "postcode", "postalcode"]),
    ("countryCode", &["countrycode", "country"]),
    (
        "preferredLanguage",
        &["preferredlanguage", "language", "locale"],
    ),
];
/// Okta takes no user without these.
const REQUIRED: [&str; 4] = ["userName", "email", "firstName", "lastName"];
const IDS: [&str; 9] = [
    "externalid",
    "id",
    "userid",
    "personid",
    "employeeid",
    "employeenumber",
    "workerid",
    "uuid",
    "email",
];
const ACTIVE: [&str; 4] = ["active", "isactive", "enabled", "employed"];
const UNTIL: [&str; 6] = [
    "activeuntil",
    "enddate",
    "lastday",
    "terminationdate",
    "leavedate",
    "lastworkingday",
];
const FROM: [&str; 5] = [
    "activefrom",
    "startdate",
    "firstday",
    "hiredate",
    "joindate",
];

pub(crate) async fn act(cli: &Cli, options: &MappingInit) -> Result<Exit, Failure> {
    let (columns, keys) = match (&options.columns.csv, &options.columns.table) {
        (Some(file), _) => {
            let header = records::header(&text_file(file)?)
                .map_err(|why| Failure::usage(format!("{}: {why}", file.display())))?;
            (header, Vec::new())
        }
        (None, table) => columns(table.as_deref().unwrap_or_default()).await?,
    };
    let guess = guess(&columns, &keys);
    let json = serde_json::to_string_pretty(&guess.mapping).unwrap_or_default() + "\n";
    let out = options.out.as_ref();
    if let Some(file) = out {
        std::fs::OpenOptions::new()
            .write(true)
            .create_new(true)
            .open(file)
            .and_then(|mut opened| std::io::Write::write_all(&mut opened, json.as_bytes()))
            .map_err(|why| Failure::usage(format!("{}: {why}", file.display())))?;
    }
    let mut document = Document::default();
    if !guess.required.is_empty() {
        document.headline(
            Tone::Bad,
            format!(
                "Okta requires these attributes, but no column fits: {}. Add templates for them.",
                guess.required.join(", ")
            ),
        );
    }
    if !guess.without.is_empty() {
        document.line(format!(
            "Okta attributes without a column: {}.",
            guess.without.join(", ")
        ));
    }
    if !guess.unused.is_empty() {
        document.line(format!("Unused columns: {}.", guess.unused.join(", ")));
    }
    let name = out.map_or("FILE".to_owned(), |file| file.display().to_string());
    document.next(format!(
        "idsource mapping test --mapping {name} --records RECORDS"
    ));
    let answer = json!({
        "mapping": guess.mapping, "required": guess.required, "without": guess.without, "unused": guess.unused,
    });
    if !cli.json && !cli.markdown && out.is_none() {
        // So that it can be redirected into a file.
        show::ask(&document);
        document = Document::default();
        document.code(&json);
    }
    show::print(cli, &answer, &document)?;
    Ok(Exit::Done)
}

/// The attributes of the records on a table's first page, and the table's key.
async fn columns(table: &str) -> Result<(Vec<String>, Vec<String>), Failure> {
    let config = aws_config::load_defaults(aws_config::BehaviorVersion::latest()).await;
    let client = Client::new(&config);
    let described = client.describe_table().table_name(table).send();
    let described = described
        .await
        .map_err(|why| Failure::aws(&format!("looking at the table {table}"), &why))?;
    let keys = described.table.and_then(|table| table.key_schema);
    let keys = keys.unwrap_or_default().into_iter();
    let keys: Vec<_> = keys.map(|key| key.attribute_name).collect();
    let page = client.scan().table_name(table).limit(100).send();
    let page = page
        .await
        .map_err(|why| Failure::aws(&format!("reading the table {table}"), &why))?;
    let names: BTreeSet<_> = page
        .items()
        .iter()
        .flat_map(|item| item.keys().cloned())
        .collect();
    Ok((names.into_iter().collect(), keys))
}

struct Guess {
    mapping: Value,
    required: Vec<&'static str>,
    without: Vec<&'static str>,
    unused: Vec<String>,
}

fn guess(columns: &[String], keys: &[String]) -> Guess {
    let mut used = BTreeSet::new();
    let mut take = |names: &[&str]| {
        let found = names
            .iter()
            .find_map(|name| columns.iter().find(|column| folded(column) == *name))?;
        used.insert(found.clone());
        Some(found.clone())
    };
    let mut mapping = Map::new();
    // No two records share the table's key.
    let id = match keys {
        [] => take(&IDS).map(|column| template(&column)),
        keys => {
            let parts = keys.iter().map(|key| template(key));
            Some(parts.collect::<Vec<_>>().join("/"))
        }
    };
    mapping.insert(
        "externalId".to_owned(),
        json!(id.unwrap_or_else(|| "{{ id }}".to_owned())),
    );
    let active = take(&ACTIVE);
    let is_active = active.map_or("true".to_owned(), |column| variable(&column));
    mapping.insert("active".to_owned(), json!(is_active));
    for (name, columns) in [("activeFrom", &FROM[..]), ("activeUntil", &UNTIL[..])] {
        if let Some(column) = take(columns) {
            mapping.insert(name.to_owned(), json!(template(&column)));
        }
    }
    let mut profile = Map::new();
    let (mut required, mut without) = (Vec::new(), Vec::new());
    for (attribute, names) in ATTRIBUTES {
        match take(names) {
            Some(column) => {
                profile.insert(attribute.to_owned(), json!(template(&column)));
            }
            None if REQUIRED.contains(&attribute) => required.push(attribute),
            None => without.push(attribute),
        }
    }
    if !profile.contains_key("displayName")
        && let (Some(Value::String(first)), Some(Value::String(last))) =
            (profile.get("firstName"), profile.get("lastName"))
    {
        profile.insert("displayName".to_owned(), json!(format!("{first} {last}")));
        without.retain(|attribute| *attribute != "displayName");
    }
    mapping.insert("profile".to_owned(), Value::Object(profile));
    used.extend(keys.iter().cloned());
    let unused = columns.iter().filter(|column| !used.contains(*column));
    Guess {
        mapping: Value::Object(mapping),
        required,
        without,
        unused: unused.cloned().collect(),
    }
}

/// A column's name without case and punctuation.
fn folded(name: &str) -> String {
    let letters = name.chars().filter(|c| c.is_alphanumeric());
    letters.flat_map(char::to_lowercase).collect()
}

/// How a template refers to a column.
fn variable(column: &str) -> String {
    let mut chars = column.chars();
    let is_identifier = chars
        .next()
        .is_some_and(|c| c.is_ascii_alphabetic() || c == '_')
        && chars.all(|c| c.is_ascii_alphanumeric() || c == '_');
    if is_identifier {
        column.to_owned()
    } else {
        format!("record[{}]", Value::from(column))
    }
}

fn template(column: &str) -> String {
    format!("{{{{ {} }}}}", variable(column))
}

#[cfg(test)]
mod tests {
    use dynamodb_identity_source::mapping::Mapping;

    use super::*;

    #[test]
    fn what_is_guessed_is_a_mapping() {
        let columns = [
            "Employee ID",
            "E-Mail",
            "first_name",
            "Last Name",
            "cell",
            "shoe size",
        ];
        let columns = columns.map(str::to_owned);

        let guess = guess(&columns, &[]);

        let json = guess.mapping.to_string();
        assert!(Mapping::from_json(&json).is_ok(), "{json}");
        assert_eq!(guess.mapping["externalId"], "{{ record[\"Employee ID\"] }}");
        assert_eq!(guess.mapping["profile"]["mobilePhone"], "{{ cell }}");
        assert_eq!(
            guess.mapping["profile"]["displayName"],
            "{{ first_name }} {{ record[\"Last Name\"] }}"
        );
        assert!(guess.required.is_empty(), "{:?}", guess.required);
        assert_eq!(guess.unused, ["shoe size"]);
        assert!(guess.without.contains(&"department"));
    }

    #[test]
    fn a_tables_key_is_the_external_id() {
        let columns = ["tenant", "no", "mail"].map(str::to_owned);

        let guess = guess(&columns, &["tenant".to_owned(), "no".to_owned()]);

        assert_eq!(guess.mapping["externalId"], "{{ tenant }}/{{ no }}");
        assert_eq!(guess.required, ["firstName", "lastName"]);
    }
}
