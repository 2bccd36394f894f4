//! A stack of the first release takes this template: its parameters are still there, with the values
//! that it left, and what the upgrading page says of them is so.

use regex_lite::Regex;
use yaml_rust2::{Yaml, YamlLoader};

use crate::{assert_nothing, reference::template};

const FIRST_RELEASE: &str = include_str!("first-release.yaml");
const PAGE: &str = include_str!("../../../docs/tasks/upgrading.md");

fn text(yaml: &Yaml) -> String {
    match yaml {
        Yaml::Integer(number) => number.to_string(),
        yaml => yaml.as_str().unwrap_or_default().to_owned(),
    }
}

/// What a parameter of the first release had.
fn left() -> Vec<(String, String)> {
    let left = YamlLoader::load_from_str(FIRST_RELEASE).unwrap().remove(0);
    let left = left.as_hash().unwrap().iter();
    left.map(|(name, value)| (text(name), text(value)))
        .collect()
}

#[test]
fn every_parameter_of_the_first_release_takes_the_value_that_it_left() {
    let template = template::read();
    let wrong = left().into_iter().filter_map(|(name, value)| {
        let parameter = &template["Parameters"][name.as_str()];
        if parameter.is_badvalue() {
            return Some(format!("{name} is gone"));
        }
        if let Some(allowed) = parameter["AllowedValues"].as_vec()
            && !allowed.iter().any(|one| text(one) == value)
        {
            return Some(format!("{name} does not allow {value}"));
        }
        if let Some(pattern) = parameter["AllowedPattern"].as_str()
            && !Regex::new(pattern).unwrap().is_match(&value)
        {
            return Some(format!("{name} does not match {value}"));
        }
        let number = value.parse::<i64>();
        let bound = |name: &str| parameter[name].as_i64();
        if let Ok(number) = number
            && (bound("MinValue").is_some_and(|least| number < least)
                || bound("MaxValue").is_some_and(|most| number > most))
        {
            return Some(format!("{name} must not be {value}"));
        }
        None
    });

    assert_nothing(wrong.collect());
}

#[test]
fn the_upgrading_page_names_every_parameter_that_is_new_or_has_another_default() {
    let template = template::read();
    let left = left();
    let parameters = template["Parameters"].as_hash().unwrap();
    let missing = parameters.iter().filter_map(|(name, parameter)| {
        let name = text(name);
        let before = left.iter().find(|(one, _)| *one == name);
        let differs = match before {
            None => true,
            Some((_, value)) => {
                !parameter["Default"].is_badvalue() && text(&parameter["Default"]) != *value
            }
        };
        (differs && !PAGE.contains(&format!("`{name}`"))).then_some(name)
    });

    assert_nothing(missing.collect());
}
