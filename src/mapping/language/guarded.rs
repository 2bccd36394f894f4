//! The tree that is compiled: the one that was written, with our filters where values meet.

use minijinja::{
    Value,
    machinery::{
        Span,
        ast::{
            AutoEscape, Call, CallArg, Const, Do, EmitExpr, EmitRaw, Expr, Filter, FilterBlock,
            ForLoop, GetAttr, GetItem, IfCond, IfExpr, List, Map, Set, SetBlock, Slice, Spanned,
            Stmt, Template, Test, Tuple, UnaryOp, UnaryOpKind, Var, WithBlock,
        },
    },
};

use super::{Use, names::FUNCTIONS, through::SLICED};

/// Copies a tree.
#[derive(Clone, Copy)]
pub(super) struct Guarded(pub(super) Use);

impl Guarded {
    pub(super) fn statement<'a>(self, statement: &Stmt<'a>) -> Stmt<'a> {
        match statement {
            Stmt::Template(s) => Stmt::Template(Spanned::new(
                Template {
                    children: self.body(&s.children),
                },
                s.span(),
            )),
            Stmt::EmitExpr(s) => Stmt::EmitExpr(Spanned::new(
                EmitExpr {
                    expr: self.expression(&s.expr),
                },
                s.span(),
            )),
            Stmt::EmitRaw(s) => Stmt::EmitRaw(Spanned::new(EmitRaw { raw: s.raw }, s.span())),
            Stmt::ForLoop(s) => Stmt::ForLoop(Spanned::new(
                ForLoop {
                    target: self.expression(&s.target),
                    iter: self.expression(&s.iter),
                    filter_expr: self.maybe(s.filter_expr.as_ref()),
                    recursive: s.recursive,
                    body: self.body(&s.body),
                    else_body: self.body(&s.else_body),
                },
                s.span(),
            )),
            Stmt::IfCond(s) => Stmt::IfCond(Spanned::new(
                IfCond {
                    expr: self.expression(&s.expr),
                    true_body: self.body(&s.true_body),
                    false_body: self.body(&s.false_body),
                },
                s.span(),
            )),
            Stmt::WithBlock(s) => {
                let pair = |(target, value): &(Expr<'a>, Expr<'a>)| {
                    (self.expression(target), self.expression(value))
                };
                Stmt::WithBlock(Spanned::new(
                    WithBlock {
                        assignments: s.assignments.iter().map(pair).collect(),
                        body: self.body(&s.body),
                    },
                    s.span(),
                ))
            }
            Stmt::Set(s) => Stmt::Set(Spanned::new(
                Set {
                    target: self.expression(&s.target),
                    expr: self.expression(&s.expr),
                },
                s.span(),
            )),
            Stmt::SetBlock(s) => Stmt::SetBlock(Spanned::new(
                SetBlock {
                    target: self.expression(&s.target),
                    filter: self.maybe(s.filter.as_ref()),
                    body: self.body(&s.body),
                },
                s.span(),
            )),
            Stmt::AutoEscape(s) => Stmt::AutoEscape(Spanned::new(
                AutoEscape {
                    enabled: self.expression(&s.enabled),
                    body: self.body(&s.body),
                },
                s.span(),
            )),
            Stmt::FilterBlock(s) => Stmt::FilterBlock(Spanned::new(
                FilterBlock {
                    filter: self.expression(&s.filter),
                    filter_span: s.filter_span,
                    body: self.body(&s.body),
                },
                s.span(),
            )),
            Stmt::Do(s) => Stmt::Do(Spanned::new(
                Do {
                    call: Spanned::new(self.call(&s.call), s.call.span()),
                },
                s.span(),
            )),
        }
    }

    fn body<'a>(self, body: &[Stmt<'a>]) -> Vec<Stmt<'a>> {
        body.iter()
            .map(|statement| self.statement(statement))
            .collect()
    }

    pub(super) fn maybe<'a>(self, expression: Option<&Expr<'a>>) -> Option<Expr<'a>> {
        expression.map(|expression| self.expression(expression))
    }

    fn all<'a>(self, expressions: &[Expr<'a>]) -> Vec<Expr<'a>> {
        expressions
            .iter()
            .map(|expression| self.expression(expression))
            .collect()
    }

    fn call<'a>(self, call: &Call<'a>) -> Call<'a> {
        let function = match &call.expr {
            Expr::Var(var) => FUNCTIONS.iter().find(|(name, _)| *name == var.id),
            _ => None,
        };
        Call {
            expr: match function {
                Some((_, id)) => Expr::Var(Spanned::new(Var { id }, call.expr.span())),
                None => self.expression(&call.expr),
            },
            args: self.arguments(&call.args),
        }
    }

    fn arguments<'a>(self, arguments: &[CallArg<'a>]) -> Vec<CallArg<'a>> {
        let argument = |argument: &CallArg<'a>| match argument {
            CallArg::Pos(value) => CallArg::Pos(self.expression(value)),
            CallArg::Kwarg(name, value) => CallArg::Kwarg(name, self.expression(value)),
            CallArg::PosSplat(value) => CallArg::PosSplat(self.expression(value)),
            CallArg::KwargSplat(value) => CallArg::KwargSplat(self.expression(value)),
        };
        arguments.iter().map(argument).collect()
    }

    pub(super) fn expression<'a>(self, expression: &Expr<'a>) -> Expr<'a> {
        let span = expression.span();
        match expression {
            Expr::Var(s) => Expr::Var(Spanned::new(Var { id: s.id }, span)),
            // An identity may be made of an empty literal, unlike of an empty attribute.
            Expr::Const(s) if self.0 == Use::Identity && s.value.as_str() == Some("") => {
                constant(Value::from(()), span)
            }
            Expr::Const(s) => constant(s.value.clone(), span),
            Expr::Slice(s) => Expr::Slice(Spanned::new(
                Slice {
                    expr: self.through(SLICED, &s.expr),
                    start: self.maybe(s.start.as_ref()),
                    stop: self.maybe(s.stop.as_ref()),
                    step: self.maybe(s.step.as_ref()),
                },
                span,
            )),
            Expr::UnaryOp(s) => Expr::UnaryOp(Spanned::new(
                UnaryOp {
                    op: match s.op {
                        UnaryOpKind::Not => UnaryOpKind::Not,
                        UnaryOpKind::Neg => UnaryOpKind::Neg,
                    },
                    expr: self.expression(&s.expr),
                },
                span,
            )),
            Expr::BinOp(s) => self.operation(s, span),
            Expr::Compare(s) => self.comparison(s, span),
            Expr::IfExpr(s) => Expr::IfExpr(Spanned::new(
                IfExpr {
                    test_expr: self.expression(&s.test_expr),
                    true_expr: self.expression(&s.true_expr),
                    false_expr: Some(s.false_expr.as_ref().map_or_else(
                        || constant(Value::from(()), span),
                        |other| self.expression(other),
                    )),
                },
                span,
            )),
            Expr::Filter(s) => Expr::Filter(Spanned::new(
                Filter {
                    name: s.name,
                    expr: self.maybe(s.expr.as_ref()),
                    args: self.arguments(&s.args),
                },
                span,
            )),
            Expr::Test(s) => Expr::Test(Spanned::new(
                Test {
                    name: s.name,
                    expr: self.expression(&s.expr),
                    args: self.arguments(&s.args),
                },
                span,
            )),
            Expr::GetAttr(s) => Expr::GetAttr(Spanned::new(
                GetAttr {
                    expr: self.expression(&s.expr),
                    name: s.name,
                },
                span,
            )),
            Expr::GetItem(s) => Expr::GetItem(Spanned::new(
                GetItem {
                    expr: self.expression(&s.expr),
                    subscript_expr: self.expression(&s.subscript_expr),
                },
                span,
            )),
            Expr::Call(s) => Expr::Call(Spanned::new(self.call(s), span)),
            Expr::List(s) => Expr::List(Spanned::new(
                List {
                    items: self.all(&s.items),
                },
                span,
            )),
            Expr::Tuple(s) => Expr::Tuple(Spanned::new(
                Tuple {
                    items: self.all(&s.items),
                },
                span,
            )),
            Expr::Map(s) => Expr::Map(Spanned::new(
                Map {
                    keys: self.all(&s.keys),
                    values: self.all(&s.values),
                },
                span,
            )),
        }
    }
}

fn constant<'a>(value: Value, span: Span) -> Expr<'a> {
    Expr::Const(Spanned::new(Const { value }, span))
}
