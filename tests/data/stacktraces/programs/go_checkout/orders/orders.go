// Package orders places orders, through which errors pass.
package orders

import (
	"fmt"

	cockroach "github.com/cockroachdb/errors"
	"github.com/pkg/errors"
	"golang.org/x/xerrors"

	"example.com/checkout/payments"
	"example.com/checkout/stock"
)

// Order has lines.
type Order struct {
	ID    string
	Lines *stock.Shelf[string]
}

// Place wraps what charging returned.
func (o *Order) Place() error { return errors.Wrap(payments.Charge(o.ID), "place order") }

// Cancel wraps what refunding returned.
func (o *Order) Cancel() error { return errors.Wrap(payments.Refund(o.ID), "place order") }

// PlaceTwice wraps once more.
func (o *Order) PlaceTwice() error { return errors.WithMessage(o.Place(), "retry") }

// Plain wraps an error without a stack.
func (o *Order) Plain() error { return fmt.Errorf("place order: %w", payments.Plain(o.ID)) }

// Nested wraps with xerrors.
func (o *Order) Nested() error { return xerrors.Errorf("place order: %w", payments.Nested(o.ID)) }

// Cockroach wraps with cockroachdb/errors.
func (o *Order) Cockroach() error { return cockroach.Wrap(payments.Cockroach(o.ID), "place order") }

// CockroachCancel wraps the same with the same words.
func (o *Order) CockroachCancel() error {
	return cockroach.Wrap(payments.CockroachRefund(o.ID), "place order")
}

// Placed passes an error of go-errors on.
func (o *Order) Placed() error { return payments.Placed(o.ID) }

// Line panics where there is no such line.
func (o *Order) Line(i int) string { return o.Lines.At(i) }

// Total has no lines to add up.
func (o *Order) Total() int { return len(o.Lines.Items) }
