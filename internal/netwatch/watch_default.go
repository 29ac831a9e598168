//go:build !linux

package netwatch

// A waiter compares the list of interfaces now and then.
type waiter struct{ poller }

func newWaiter() waiter { return waiter{newPoller()} }

// end ends a wait: its quit channel has done so.
func (w *waiter) end() {}
