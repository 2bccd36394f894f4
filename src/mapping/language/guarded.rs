//! The tree that is compiled: the one that was written, with our filters where values meet.

use minijinja::{
    Value,
    machinery::{
        Span,
        ast::{
            AutoEscape, BinOp, BinOpKind, Call, CallArg, Compare, CompareOp, CompareOpKind, Const,
            Do, EmitExpr, EmitRaw, Expr, Filter, FilterBlock, ForLoop, GetAttr, GetItem, IfCond,
            IfExpr, List, Map, Set, SetBlock, Slice, Spanned, Stmt, Template, Test, Tuple, UnaryOp,
            UnaryOpKind, Var, WithBlock,
        },
    },
};

use super::{Use, names::FUNCTIONS};

/// What is joined by `~` becomes text. No template can name these filters.
pub(super) const TEXT: &str = "(text)";
/// What is sliced: a slice of nothing is nothing, not an empty list.
pub(super) const SLICED: &str = "(sliced)";
/// What is compared: nothing is one value.
pub(super) const SAME: &str = "(same)";
/// The operator `in`.
pub(super) const IN: &str = "(in)";

/// Copies a tree.
#[derive(Clone, Copy)]
pub(super) struct Guarded(pub(super) Use);

fn filter<'a>(name: &'static str, expr: Expr<'a>, args: Vec<CallArg<'a>>, span: Span) -> Expr<'a> {
    let expr = Some(expr);
    Expr::Filter(Spanned::new(Filter { name, expr, args }, span))
}

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

    fn maybe<'a>(self, expression: Option<&Expr<'a>>) -> Option<Expr<'a>> {
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

    /// An operand, through one of our filters.
    fn through<'a>(self, name: &'static str, operand: &Expr<'a>) -> Expr<'a> {
        filter(name, self.expression(operand), Vec::new(), operand.span())
    }

    /// An operand that becomes text. A text that was written as one already is.
    fn text<'a>(self, operand: &Expr<'a>) -> Expr<'a> {
        match operand {
            Expr::Const(constant)
                if constant.value.as_str().is_some_and(|text| !text.is_empty()) =>
            {
                self.expression(operand)
            }
            _ => self.through(TEXT, operand),
        }
    }

    fn contains<'a>(self, member: &Expr<'a>, container: &Expr<'a>) -> Expr<'a> {
        let args = vec![CallArg::Pos(self.expression(container))];
        filter(IN, self.expression(member), args, member.span())
    }

    pub(super) fn expression<'a>(self, expression: &Expr<'a>) -> Expr<'a> {
        let span = expression.span();
        match expression {
            Expr::Var(s) => Expr::Var(Spanned::new(Var { id: s.id }, span)),
            // Who somebody is may be made of a literal that is empty, unlike of an attribute.
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

    fn operation<'a>(self, operation: &BinOp<'a>, span: Span) -> Expr<'a> {
        let BinOp { op, left, right } = operation;
        let (left, right) = match op {
            BinOpKind::In => return self.contains(left, right),
            BinOpKind::Concat => (self.text(left), self.text(right)),
            BinOpKind::Eq | BinOpKind::Ne => (self.through(SAME, left), self.through(SAME, right)),
            _ => (self.expression(left), self.expression(right)),
        };
        Expr::BinOp(Spanned::new(
            BinOp {
                op: *op,
                left,
                right,
            },
            span,
        ))
    }

    fn comparison<'a>(self, comparison: &Compare<'a>, span: Span) -> Expr<'a> {
        if let [only] = comparison.ops.as_slice() {
            match only.op {
                CompareOpKind::In => return self.contains(&comparison.expr, &only.expr),
                CompareOpKind::NotIn => {
                    let expr = self.contains(&comparison.expr, &only.expr);
                    let op = UnaryOpKind::Not;
                    return Expr::UnaryOp(Spanned::new(UnaryOp { op, expr }, span));
                }
                _ => {}
            }
        }
        let is_equality =
            |op: &CompareOp<'a>| matches!(op.op, CompareOpKind::Eq | CompareOpKind::Ne);
        let operand = |operand: &Expr<'a>| {
            if comparison.ops.iter().all(is_equality) {
                self.through(SAME, operand)
            } else {
                self.expression(operand)
            }
        };
        let ops = comparison.ops.iter().map(|step| CompareOp {
            op: step.op,
            expr: operand(&step.expr),
        });
        Expr::Compare(Spanned::new(
            Compare {
                expr: operand(&comparison.expr),
                ops: ops.collect(),
            },
            span,
        ))
    }
}

fn constant<'a>(value: Value, span: Span) -> Expr<'a> {
    Expr::Const(Spanned::new(Const { value }, span))
}
