// Package stock keeps what is on the shelves; most of it fails.
package stock

import "iter"

// Shelf holds items of one kind.
type Shelf[T any] struct{ Items []T }

// At panics where there is no such item.
func (s *Shelf[T]) At(i int) T { return s.Items[i] }

// Each calls f with every item.
func Each[T any](items []T, f func(T)) {
	for _, item := range items {
		f(item)
	}
}

// Pallet is passed by value.
type Pallet struct{ Left map[string]int }

// Unload writes to a map that may be nil.
func (p Pallet) Unload(sku string) {
	write := func() { p.Left[sku]++ }
	write()
}

// All yields the numbers of items.
func All(n int) iter.Seq[int] {
	return func(yield func(int) bool) {
		for i := 0; i < n; i++ {
			if !yield(i) {
				return
			}
		}
	}
}

// Find panics in the body of a loop over a function.
func Find(sku string) {
	for i := range All(3) {
		if i == 1 {
			panic("no shelf for " + sku)
		}
	}
}

// Weigh calls itself and panics at the end.
func Weigh(depth int) int {
	if depth == 0 {
		panic("part has no weight")
	}
	return Weigh(depth-1) + 1
}

// Checker returns a function that panics.
func Checker(limit int) func(int) {
	return func(n int) {
		if n > limit {
			panic("limit exceeded")
		}
	}
}
