//! Any number of people, made up one by one. The same number is always the same person.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;

const FIRST_NAMES: [&str; 16] = [
    "Amina",
    "Björn",
    "Chloé",
    "Dmitri",
    "Esperança",
    "Farid",
    "Grace",
    "Hồng",
    "Ines",
    "Jun",
    "Kateryna",
    "Łukasz",
    "Mei",
    "Ngozi",
    "Óscar",
    "Priya",
];
const LAST_NAMES: [&str; 17] = [
    "Abebe",
    "Bergström",
    "Chaudhary",
    "da Silva",
    "Eriksen",
    "Ferrari",
    "García",
    "Haddad",
    "Ito",
    "Jovanović",
    "Kowalska",
    "Lindqvist",
    "Mbeki",
    "Nguyễn",
    "O'Brien",
    "Papadopoulos",
    "Yılmaz",
];
const TITLES: [&str; 5] = ["Analyst", "Nurse", "Engineer", "Teacher", "Electrician"];
const PLACES: [(&str, &str, &str); 7] = [
    ("Dublin", "D02", "IE"),
    ("Nairobi", "00100", "KE"),
    ("São Paulo", "01310", "BR"),
    ("Kraków", "30-002", "PL"),
    ("Osaka", "530-0001", "JP"),
    ("Toronto", "M5H", "CA"),
    ("Auckland", "1010", "NZ"),
];

/// The record of one person.
pub fn person(n: usize) -> HashMap<String, AttributeValue> {
    let (city, postcode, country) = PLACES[n % PLACES.len()];
    let address = format!("user{n:06}@example.com");
    let mut record: HashMap<_, _> = [
        ("id", address.as_str()),
        ("title", TITLES[n % TITLES.len()]),
        ("first_name", FIRST_NAMES[n % FIRST_NAMES.len()]),
        ("last_name", LAST_NAMES[n % LAST_NAMES.len()]),
        ("street_number", &(n % 200 + 1).to_string()),
        ("street_name", "Station Road"),
        ("city", city),
        ("postcode", postcode),
        ("country", country),
        ("email", &address),
        ("phone", &format!("+1 555 01{:02}", n % 100)),
    ]
    .into_iter()
    .map(|(name, value)| (name.to_owned(), AttributeValue::S(value.to_owned())))
    .collect();
    record.insert("active".to_owned(), AttributeValue::Bool(true));
    record
}
