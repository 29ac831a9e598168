package diagram

import (
	"encoding/json"
	"fmt"
	"sync"
	"time"
)

// A Party is a column of the diagram. Its JSON form is its name.
type Party int

// The parties from left to right.
const (
	PeerA Party = iota
	STUN
	TURN
	Signal
	PeerB
	parties // how many there are
)

var partyNames = [parties]string{"Peer A", "STUN", "TURN", "Signal channel", "Peer B"}

// String returns the heading of the party's column.
func (p Party) String() string {
	if p < 0 || p >= parties {
		return fmt.Sprintf("Party(%d)", int(p))
	}
	return partyNames[p]
}

// MarshalJSON returns the name as a JSON string.
func (p Party) MarshalJSON() ([]byte, error) { return json.Marshal(p.String()) }

// A Kind says to which part of connecting an event belongs: it chooses the
// colour.
type Kind string

// The kinds, in the order in which they usually come.
const (
	KindState  Kind = "state"  // something changed within one peer
	KindSTUN   Kind = "stun"   // what a peer asks a STUN server
	KindSignal Kind = "signal" // descriptions and candidates
	KindCheck  Kind = "check"  // ICE connectivity checks
	KindDTLS   Kind = "dtls"   // handshake records
	KindData   Kind = "data"   // data channels
	KindMedia  Kind = "media"  // SRTP and SRTCP
)

// An Event is a message from one party to another, or, if both are the same, a
// note on what happened within one.
type Event struct {
	// At is the time since the log was made.
	At time.Duration
	// From and To are the columns that the arrow leads between.
	From, To Party
	Kind     Kind
	// Text is one line.
	Text string
}

// IsNote tells whether the event happened within one party.
func (e Event) IsNote() bool { return e.From == e.To }

// MarshalJSON returns the event with its time in milliseconds.
func (e Event) MarshalJSON() ([]byte, error) {
	return json.Marshal(map[string]any{
		"at": float64(e.At.Microseconds()) / 1000, "from": e.From, "to": e.To, "kind": e.Kind, "text": e.Text,
	})
}

// String describes the event in one line, for logs and test failures.
func (e Event) String() string {
	if e.IsNote() {
		return fmt.Sprintf("%v  %s: %s", e.At, e.From, e.Text)
	}
	return fmt.Sprintf("%v  %s -> %s: %s", e.At, e.From, e.To, e.Text)
}

// A Log stamps events with the time and hands them to its sink in that order.
// Its methods may be called from any goroutine; a nil Log ignores them.
type Log struct {
	start time.Time

	mu   sync.Mutex // guards all below, and keeps the order
	sink func(Event)
}

// NewLog returns a log whose time begins now. The sink is called by one
// goroutine at a time and must not call the log.
func NewLog(sink func(Event)) *Log {
	return &Log{start: time.Now(), sink: sink}
}

// Arrow records a message from one party to another.
func (l *Log) Arrow(from, to Party, kind Kind, text string) {
	if l == nil {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.sink != nil {
		l.sink(Event{At: time.Since(l.start), From: from, To: to, Kind: kind, Text: text})
	}
}

// Now returns the time since the log was made.
func (l *Log) Now() time.Duration { return time.Since(l.start) }

// Note records what happened within a party.
func (l *Log) Note(party Party, kind Kind, text string) { l.Arrow(party, party, kind, text) }

// Stop ends the log: when it returns, the sink runs no more.
func (l *Log) Stop() {
	if l == nil {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.sink = nil
}
