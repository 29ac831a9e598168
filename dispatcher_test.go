package webrtc

import (
	"slices"
	"testing"
	"testing/synctest"
)

func TestDispatcherRunsACallsEventsBeforeItReturns(t *testing.T) {
	var d dispatcher
	var got []int
	d.enter()
	d.enqueue(func() { got = append(got, 1) })
	d.kick() // as the loop does once it has served the call
	d.enqueue(func() { got = append(got, 2) })
	d.leave(d.mark())
	if !slices.Equal(got, []int{1, 2}) {
		t.Errorf("events run before the call returned: %v, want [1 2]", got)
	}
}

func TestDispatcherLeavesLaterEventsToAGoroutine(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var d dispatcher
		var got []string
		d.enter()
		d.enqueue(func() { got = append(got, "caused by the call") })
		mark := d.mark()
		returned := make(chan struct{})
		d.enqueue(func() { <-returned; got = append(got, "caused by the network") })
		d.leave(mark)
		got = append(got, "returned")
		close(returned)
		synctest.Wait()
		want := []string{"caused by the call", "returned", "caused by the network"}
		if !slices.Equal(got, want) {
			t.Errorf("order is %q, want %q", got, want)
		}
	})
}

func TestDispatcherRunsEventsOfAHandlersCallAfterTheHandler(t *testing.T) {
	var d dispatcher
	var got []string
	d.enter()
	d.enqueue(func() {
		got = append(got, "outer begins")
		d.enter()
		d.enqueue(func() { got = append(got, "inner") })
		d.leave(d.mark())
		got = append(got, "outer ends")
	})
	d.leave(d.mark())
	want := []string{"outer begins", "outer ends", "inner"}
	if !slices.Equal(got, want) {
		t.Errorf("order is %q, want %q", got, want)
	}
}

func TestDispatcherRunsNetworkEventsInOrderOnOneGoroutine(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var d dispatcher
		var got []int
		for i := range 100 {
			d.enqueue(func() { got = append(got, i) })
			d.kick()
		}
		synctest.Wait()
		if len(got) != 100 || !slices.IsSorted(got) {
			t.Errorf("events ran as %v, want 0 to 99 in order", got)
		}
	})
}

func TestDispatcherStartsNothingAfterClose(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var d dispatcher
		block, ran := make(chan struct{}), false
		d.enqueue(func() { <-block })
		d.enqueue(func() { ran = true })
		d.kick()
		synctest.Wait()
		d.close()
		d.enqueue(func() { ran = true })
		close(block)
		d.wait()
		d.kick()
		synctest.Wait()
		if ran {
			t.Error("an event ran after close")
		}
	})
}

func TestDispatcherSurvivesAPanickingHandler(t *testing.T) {
	var d dispatcher
	ran := false
	func() {
		defer func() {
			if recover() == nil {
				t.Error("the panic did not reach the caller")
			}
		}()
		d.enter()
		d.enqueue(func() { panic("a program's mistake") })
		d.enqueue(func() { ran = true })
		d.leave(d.mark())
	}()
	d.enter()
	d.leave(d.mark())
	if !ran {
		t.Error("the event behind the panicking handler never ran")
	}
}
