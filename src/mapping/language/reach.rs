//! What a template can reach in a record, and whether it uses only what the language knows.
//!
//! A name is a variable of the template's own only where it is certainly bound. Everywhere else it
//! may be an attribute, and is read. Reading too much costs a little. Reading too little would
//! clear an attribute for everybody.

use std::collections::HashSet;

use minijinja::machinery::ast::{Call, CallArg, Expr, ForLoop, Stmt};

use super::{
    lookup::Tables,
    names::{self, Complaint},
};
use crate::users::{Attributes, Record};

/// What was found about a template.
#[derive(Debug)]
pub(super) struct Reach<'t> {
    tables: &'t Tables,
    /// Names that are bound, by block.
    bound: Vec<HashSet<String>>,
    names: HashSet<String>,
    whole: bool,
    complaint: Option<Complaint>,
}

impl<'t> Reach<'t> {
    /// With these names bound from the beginning.
    pub(super) fn new(tables: &'t Tables, bound: &[&str]) -> Self {
        let bound = bound.iter().map(|name| (*name).to_owned());
        Self {
            tables,
            bound: vec![bound.collect()],
            names: HashSet::new(),
            whole: false,
            complaint: None,
        }
    }

    /// What was found: the names that are certainly reached, and whether others may be, or the
    /// first thing that is wrong.
    pub(super) fn end(self) -> Result<(HashSet<String>, Attributes), Complaint> {
        match self.complaint {
            Some(complaint) => Err(complaint),
            None if self.whole => Ok((self.names, Attributes::All)),
            None => Ok((self.names.clone(), Attributes::Named(self.names))),
        }
    }

    fn complain(&mut self, complaint: Complaint) {
        self.complaint.get_or_insert(complaint);
    }

    fn is_bound(&self, name: &str) -> bool {
        self.bound.iter().any(|names| names.contains(name))
    }

    fn bind(&mut self, target: &Expr<'_>) {
        match target {
            Expr::Var(var) => {
                if let Some(names) = self.bound.last_mut() {
                    names.insert(var.id.to_owned());
                }
            }
            Expr::List(list) => list.items.iter().for_each(|item| self.bind(item)),
            Expr::Tuple(tuple) => tuple.items.iter().for_each(|item| self.bind(item)),
            // A member of a namespace.
            other => self.expression(other),
        }
    }

    /// What is bound in here stays in here.
    fn block(&mut self, visit: impl FnOnce(&mut Self)) {
        self.bound.push(HashSet::new());
        visit(self);
        self.bound.pop();
    }

    fn body(&mut self, body: &[Stmt<'_>]) {
        body.iter().for_each(|statement| self.statement(statement));
    }

    pub(super) fn statement(&mut self, statement: &Stmt<'_>) {
        match statement {
            Stmt::Template(s) => self.body(&s.children),
            Stmt::EmitExpr(s) => self.expression(&s.expr),
            Stmt::EmitRaw(_) => {}
            Stmt::ForLoop(s) => self.for_loop(s),
            Stmt::IfCond(s) => {
                self.expression(&s.expr);
                self.block(|this| this.body(&s.true_body));
                self.block(|this| this.body(&s.false_body));
            }
            Stmt::WithBlock(s) => self.block(|this| {
                for (target, value) in &s.assignments {
                    this.expression(value);
                    this.bind(target);
                }
                this.body(&s.body);
            }),
            Stmt::Set(s) => {
                self.expression(&s.expr);
                self.bind(&s.target);
            }
            Stmt::SetBlock(s) => {
                self.block(|this| this.body(&s.body));
                self.maybe(s.filter.as_ref());
                self.bind(&s.target);
            }
            Stmt::AutoEscape(s) => {
                self.expression(&s.enabled);
                self.block(|this| this.body(&s.body));
            }
            Stmt::FilterBlock(s) => {
                self.block(|this| this.body(&s.body));
                self.expression(&s.filter);
            }
            Stmt::Do(s) => self.call(&s.call, s.call.span()),
        }
    }

    fn for_loop(&mut self, s: &ForLoop<'_>) {
        self.expression(&s.iter);
        self.block(|this| {
            this.bind(&s.target);
            this.maybe(s.filter_expr.as_ref());
            if let Some(names) = this.bound.last_mut() {
                names.insert("loop".to_owned());
            }
            this.body(&s.body);
        });
        self.block(|this| this.body(&s.else_body));
    }

    fn maybe(&mut self, expression: Option<&Expr<'_>>) {
        if let Some(expression) = expression {
            self.expression(expression);
        }
    }

    pub(super) fn expression(&mut self, expression: &Expr<'_>) {
        match expression {
            Expr::Var(s) => self.variable(s.id),
            Expr::Const(_) => {}
            Expr::Slice(s) => {
                self.expression(&s.expr);
                for part in [&s.start, &s.stop, &s.step] {
                    self.maybe(part.as_ref());
                }
            }
            Expr::UnaryOp(s) => self.expression(&s.expr),
            Expr::BinOp(s) => {
                self.expression(&s.left);
                self.expression(&s.right);
            }
            Expr::Compare(s) => {
                self.expression(&s.expr);
                s.ops.iter().for_each(|step| self.expression(&step.expr));
            }
            Expr::IfExpr(s) => {
                self.expression(&s.test_expr);
                self.expression(&s.true_expr);
                self.maybe(s.false_expr.as_ref());
            }
            Expr::Filter(s) => {
                self.maybe(s.expr.as_ref());
                self.arguments(&s.args);
                if let Some(why) = names::filter(s.name, &s.args, self.tables) {
                    self.complain(Complaint::at(s.span(), why));
                }
            }
            Expr::Test(s) => {
                self.expression(&s.expr);
                self.arguments(&s.args);
                if let Some(why) = names::test(s.name) {
                    self.complain(Complaint::at(s.span(), why));
                }
            }
            Expr::GetAttr(s) => self.member(&s.expr, Some(s.name)),
            Expr::GetItem(s) => {
                self.expression(&s.subscript_expr);
                self.member(&s.expr, names::text(&s.subscript_expr).as_deref());
            }
            Expr::Call(s) => self.call(s, s.span()),
            Expr::List(s) => s.items.iter().for_each(|item| self.expression(item)),
            Expr::Tuple(s) => s.items.iter().for_each(|item| self.expression(item)),
            Expr::Map(s) => s
                .keys
                .iter()
                .chain(&s.values)
                .for_each(|item| self.expression(item)),
        }
    }

    fn variable(&mut self, name: &str) {
        if self.is_bound(name) {
            return;
        }
        if name == Record::WHOLE {
            self.whole = true;
        }
        self.names.insert(name.to_owned());
    }

    /// A member of something. The members of the record are its attributes.
    fn member(&mut self, of: &Expr<'_>, name: Option<&str>) {
        match (of, name) {
            (Expr::Var(var), Some(name)) if var.id == Record::WHOLE && !self.is_bound(var.id) => {
                // The table may have an attribute of that name, too.
                self.names.insert(Record::WHOLE.to_owned());
                self.names.insert(name.to_owned());
            }
            _ => self.expression(of),
        }
    }

    fn call(&mut self, call: &Call<'_>, span: minijinja::machinery::Span) {
        self.arguments(&call.args);
        match &call.expr {
            Expr::Var(var) if self.is_bound(var.id) => {}
            Expr::Var(var) => {
                if let Some(why) = names::function(var.id) {
                    self.complain(Complaint::at(span, why));
                }
            }
            // A loop's own: cycle and changed.
            Expr::GetAttr(method)
                if matches!(&method.expr, Expr::Var(var) if var.id == "loop" && self.is_bound("loop"))
                    && ["cycle", "changed"].contains(&method.name) => {}
            Expr::GetAttr(method) => {
                self.expression(&method.expr);
                self.complain(Complaint::at(span, names::method(method.name)));
            }
            other => {
                self.expression(other);
                self.complain(Complaint::at(span, "only functions can be called"));
            }
        }
    }

    fn arguments(&mut self, arguments: &[CallArg<'_>]) {
        for argument in arguments {
            match argument {
                CallArg::Pos(value)
                | CallArg::Kwarg(_, value)
                | CallArg::PosSplat(value)
                | CallArg::KwargSplat(value) => self.expression(value),
            }
        }
    }
}
