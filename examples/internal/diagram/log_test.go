package diagram

import (
	"encoding/json"
	"sync"
	"testing"
	"time"
)

// Events from many goroutines come one at a time, in the order of their times.
func TestLogOrders(t *testing.T) {
	var events []Event
	log := NewLog(func(e Event) { events = append(events, e) })
	var all sync.WaitGroup
	for p := range parties {
		all.Go(func() {
			for range 100 {
				log.Note(p, KindState, "here")
			}
		})
	}
	all.Wait()
	if len(events) != 100*int(parties) {
		t.Errorf("%d events", len(events))
	}
	for i := 1; i < len(events); i++ {
		if events[i].At < events[i-1].At {
			t.Fatalf("event %d is earlier than the one before it", i)
		}
	}
}

func TestLogStops(t *testing.T) {
	n := 0
	log := NewLog(func(Event) { n++ })
	log.Arrow(PeerA, PeerB, KindCheck, "check")
	log.Stop()
	log.Arrow(PeerA, PeerB, KindCheck, "check")
	if n != 1 {
		t.Errorf("%d events", n)
	}
}

func TestNilLog(t *testing.T) {
	var log *Log
	log.Arrow(PeerA, PeerB, KindCheck, "nobody looks")
	log.Note(PeerA, KindState, "nobody looks")
	log.Stop()
}

func TestEventJSON(t *testing.T) {
	got, err := json.Marshal(Event{At: 1500 * time.Microsecond, From: PeerA, To: Signal, Kind: KindSignal, Text: "offer"})
	want := `{"at":1.5,"from":"Peer A","kind":"signal","text":"offer","to":"Signal channel"}`
	if err != nil || string(got) != want {
		t.Errorf("%s, %v, want %s", got, err, want)
	}
}

func TestStrings(t *testing.T) {
	for got, want := range map[string]string{
		Event{At: time.Second, From: PeerA, To: PeerB, Text: "check"}.String(): "1s  Peer A -> Peer B: check",
		Event{At: time.Second, From: TURN, To: TURN, Text: "idle"}.String():    "1s  TURN: idle",
		Party(9).String(): "Party(9)",
	} {
		if got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}
