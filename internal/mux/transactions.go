package mux

import (
	"sync"
	"time"
)

// transactionAge is how long the answer to a request is looked out for: the longest
// transaction of RFC 8489 §6.2.1.
const transactionAge = 40 * time.Second

// A transactionTable says whose requests were sent, so that the answers of servers
// and peers that several connections speak to find their way. What is older than
// twice transactionAge is forgotten.
type transactionTable struct {
	mu         sync.Mutex // guards all
	young, old map[transactionID]*PortConn
	turned     time.Time
}

func (t *transactionTable) add(now time.Time, id transactionID, c *PortConn) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.young == nil || now.Sub(t.turned) >= transactionAge {
		t.old, t.young, t.turned = t.young, map[transactionID]*PortConn{}, now
	}
	t.young[id] = c
}

func (t *transactionTable) get(id transactionID) *PortConn {
	t.mu.Lock()
	defer t.mu.Unlock()
	if c := t.young[id]; c != nil {
		return c
	}
	return t.old[id]
}
