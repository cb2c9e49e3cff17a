// Prints the stack of one goroutine in six situations, each ended by a form feed.
package main

import (
	"fmt"
	"runtime/debug"
	"sort"
	"sync"
)

type Order struct{ prices map[string]int }

func (o *Order) total(names []string) int { return o.prices[names[len(names)]] }

func Map[T any](items []T, convert func(T) T) []T {
	for i, item := range items {
		items[i] = convert(item)
	}
	return items
}

func descend(depth int) {
	if depth == 0 {
		panic("too deep")
	}
	descend(depth - 1)
}

func report(failing func()) {
	defer func() {
		if reason := recover(); reason != nil {
			fmt.Printf("%s\f", debug.Stack())
		}
	}()
	failing()
}

func main() {
	report(func() { (&Order{}).total([]string{"kettle"}) })
	report(func() { var order *Order; _ = order.prices["kettle"] })
	report(func() { Map([]int{1}, func(int) int { panic("convert") }) })
	report(func() { sort.Slice([]int{2, 1}, func(i, j int) bool { panic("less") }) })
	report(func() { descend(120) })
	var done sync.WaitGroup
	done.Add(1)
	go func() {
		defer done.Done()
		report(func() { panic("in a goroutine") })
	}()
	done.Wait()
}
