//! Templates and expressions, compiled.

use std::{
    collections::{BTreeMap, HashSet},
    fmt,
    ops::Range,
    sync::Arc,
};

use minijinja::{
    AutoEscape, Environment, Error, Value,
    machinery::{CodeGenerator, Instructions, eval, make_string_output, parse, parse_expr},
};

use super::{
    Complaint, Tables, Use, environment::environment, guarded::Guarded, nothing::reason,
    reach::Reach,
};
use crate::users::Attributes;

/// The language in its three uses. A process keeps its mapping as long as it lives, so what its
/// programs borrow is never given back.
#[derive(Clone)]
pub(in crate::mapping) struct Language {
    tables: Arc<Tables>,
    identity: &'static Environment<'static>,
    value: &'static Environment<'static>,
    condition: &'static Environment<'static>,
}

impl fmt::Debug for Language {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Language").finish_non_exhaustive()
    }
}

/// A template or an expression, ready to be used.
pub(in crate::mapping) struct Program {
    environment: &'static Environment<'static>,
    instructions: Instructions<'static>,
    /// The attributes that it certainly reaches.
    pub(in crate::mapping) names: HashSet<String>,
    /// All that it may reach.
    pub(in crate::mapping) reads: Attributes,
}

impl fmt::Debug for Program {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Program")
            .field("reads", &self.reads)
            .finish_non_exhaustive()
    }
}

fn leak(text: &str) -> &'static str {
    Box::leak(text.to_owned().into_boxed_str())
}

impl Language {
    /// The language with these tables to look up in.
    pub(in crate::mapping) fn new(tables: Tables) -> Self {
        let tables = Arc::new(tables);
        let leaked =
            |of| -> &'static Environment<'static> { Box::leak(Box::new(environment(of, &tables))) };
        Self {
            identity: leaked(Use::Identity),
            value: leaked(Use::Value),
            condition: leaked(Use::Condition),
            tables,
        }
    }

    fn environment(&self, of: Use) -> &'static Environment<'static> {
        match of {
            Use::Identity => self.identity,
            Use::Value => self.value,
            Use::Condition => self.condition,
        }
    }

    /// Compiles a template in which these names stand for something that is not in the record.
    pub(in crate::mapping) fn template(
        &self,
        source: &str,
        of: Use,
        bound: &[&str],
    ) -> Result<Program, Complaint> {
        let source = leak(source);
        let tree = parse(
            source,
            "template",
            minijinja::syntax::SyntaxConfig::default(),
        )
        .map_err(|error| syntax(source, &error))?;
        let mut reach = Reach::new(&self.tables, bound);
        reach.statement(&tree);
        let (names, reads) = reach.end()?;
        let mut code = CodeGenerator::new("template", source);
        code.compile_stmt(&Guarded(of).statement(&tree));
        Ok(Program {
            environment: self.environment(of),
            instructions: code.finish().0,
            names,
            reads,
        })
    }

    /// Compiles an expression in which these names stand for something that is not in the record.
    pub(in crate::mapping) fn expression(
        &self,
        source: &str,
        of: Use,
        bound: &[&str],
    ) -> Result<Program, Complaint> {
        let source = leak(source);
        let tree = parse_expr(source).map_err(|error| syntax(source, &error))?;
        let mut reach = Reach::new(&self.tables, bound);
        reach.expression(&tree);
        let (names, reads) = reach.end()?;
        let mut code = CodeGenerator::new("expression", source);
        code.compile_expr(&Guarded(of).expression(&tree));
        Ok(Program {
            environment: self.environment(of),
            instructions: code.finish().0,
            names,
            reads,
        })
    }
}

impl Program {
    /// The text that a template gives of a record.
    pub(in crate::mapping) fn render(&self, record: Value) -> Result<String, String> {
        let mut text = String::new();
        self.run(record, &mut text)
            .map_err(|error| reason(&error))?;
        Ok(text)
    }

    /// The value that an expression has for a record.
    pub(in crate::mapping) fn eval(&self, record: Value) -> Result<Value, String> {
        let value = self
            .run(record, &mut String::new())
            .map_err(|error| reason(&error))?;
        Ok(value.unwrap_or(Value::UNDEFINED))
    }

    fn run(&self, record: Value, text: &mut String) -> Result<Option<Value>, Error> {
        let mut output = make_string_output(text);
        let blocks = BTreeMap::new();
        let none = AutoEscape::None;
        let ended = eval(
            self.environment,
            &self.instructions,
            record,
            &blocks,
            &mut output,
            none,
        );
        Ok(ended?.0)
    }
}

fn syntax(source: &str, error: &Error) -> Complaint {
    let why = error.detail().unwrap_or("does not compile");
    Complaint {
        at: error
            .range()
            .map_or_else(|| end(source), |range| clamp(range, source)),
        why: format!("syntax error: {why}"),
    }
}

fn end(source: &str) -> Range<usize> {
    source.len()..source.len()
}

fn clamp(range: Range<usize>, source: &str) -> Range<usize> {
    range.start.min(source.len())..range.end.min(source.len())
}
