package simnet

import (
	"container/heap"
	"time"
)

// event is a packet that reaches the end of its path at a time.
type event struct {
	at  time.Duration
	seq uint64 // orders events of one time by their making
	p   *packet
}

type eventQueue []event

func (q eventQueue) Len() int { return len(q) }
func (q eventQueue) Less(i, j int) bool {
	return q[i].at < q[j].at || q[i].at == q[j].at && q[i].seq < q[j].seq
}
func (q eventQueue) Swap(i, j int) { q[i], q[j] = q[j], q[i] }
func (q *eventQueue) Push(x any)   { *q = append(*q, x.(event)) }
func (q *eventQueue) Pop() any {
	old := *q
	last := len(old) - 1
	e := old[last]
	old[last] = event{}
	*q = old[:last]
	return e
}

func (n *Network) schedule(at time.Duration, p *packet) {
	n.lastSeq++
	heap.Push(&n.events, event{at, n.lastSeq, p})
}

// runDue lets everything happen whose time has come, in order, and sets the
// timer for what comes next. All packets go through this one queue, because
// timers with equal deadlines would fire in any order.
func (n *Network) runDue(now time.Duration) {
	for len(n.events) > 0 && n.events[0].at <= now {
		n.arrive(now, heap.Pop(&n.events).(event).p)
	}
	if len(n.events) == 0 || n.closed {
		return
	}
	if next := n.events[0].at; !n.armed || next < n.armedAt {
		n.armed, n.armedAt = true, next
		n.timer.Reset(next - now)
	}
}

func (n *Network) tick() {
	n.mu.Lock()
	n.armed = false
	if !n.closed {
		n.runDue(n.now())
	}
	n.unlock()
}

// unlock releases mu and tells the taps what happened under it.
func (n *Network) unlock() {
	if len(n.traced) == 0 || n.tracing {
		n.mu.Unlock()
		return
	}
	n.tracing = true
	for len(n.traced) > 0 {
		traced, taps := n.traced, n.taps
		n.traced = nil
		n.mu.Unlock()
		for _, p := range traced {
			for _, t := range taps {
				t.f(p)
			}
		}
		n.mu.Lock()
	}
	n.tracing = false
	n.mu.Unlock()
}
