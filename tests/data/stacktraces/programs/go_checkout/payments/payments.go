// Package payments refuses cards in as many ways as Go has packages for errors.
package payments

import (
	stderrors "errors"
	"fmt"

	cockroach "github.com/cockroachdb/errors"
	goerrors "github.com/go-errors/errors"
	"github.com/pkg/errors"
	"golang.org/x/xerrors"
)

// ErrRefused is made once, without a stack.
var ErrRefused = stderrors.New("card refused")

// Charge fails with a stack of github.com/pkg/errors.
func Charge(id string) error { return errors.Errorf("card %s refused", id) }

// Refund fails with the same message elsewhere.
func Refund(id string) error { return errors.Errorf("card %s refused", id) }

// Plain wraps an error of the standard library.
func Plain(id string) error { return fmt.Errorf("charge %s: %w", id, ErrRefused) }

// Nested fails with a frame of xerrors at each wrap.
func Nested(id string) error { return xerrors.Errorf("card %s refused", id) }

// Cockroach fails with a stack of cockroachdb/errors.
func Cockroach(id string) error { return cockroach.Newf("card %s refused", id) }

// CockroachRefund fails with the same message elsewhere.
func CockroachRefund(id string) error { return cockroach.Newf("card %s refused", id) }

// Placed fails with a stack of go-errors.
//
//go:noinline
func Placed(id string) error { return goerrors.Errorf("card %s refused", id) }
