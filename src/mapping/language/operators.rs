//! Operators, changed so that what they join becomes text, and nothing is one value.

use minijinja::machinery::{
    Span,
    ast::{
        BinOp, BinOpKind, CallArg, Compare, CompareOp, CompareOpKind, Expr, Filter, Spanned,
        UnaryOp, UnaryOpKind,
    },
};

use super::guarded::Guarded;
use super::through::{IN, SAME, TEXT};

fn filter<'a>(name: &'static str, expr: Expr<'a>, args: Vec<CallArg<'a>>, span: Span) -> Expr<'a> {
    let expr = Some(expr);
    Expr::Filter(Spanned::new(Filter { name, expr, args }, span))
}

impl Guarded {
    /// An operand, through one of our filters.
    pub(super) fn through<'a>(self, name: &'static str, operand: &Expr<'a>) -> Expr<'a> {
        filter(name, self.expression(operand), Vec::new(), operand.span())
    }

    /// An operand that becomes text. A text literal already is one.
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

    pub(super) fn operation<'a>(self, operation: &BinOp<'a>, span: Span) -> Expr<'a> {
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

    pub(super) fn comparison<'a>(self, comparison: &Compare<'a>, span: Span) -> Expr<'a> {
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
