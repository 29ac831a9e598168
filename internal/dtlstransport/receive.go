package dtlstransport

import (
	"fmt"
	"io"
	"sync"
	"time"
)

// Alerts (RFC 5246 §7.2).
const (
	alertWarning         = 1
	alertFatal           = 2
	alertCloseNotify     = 0
	alertNoRenegotiation = 100
)

// Handshake messages that may come protected (RFC 5246 §7.4).
const (
	typeHelloRequest = 0
	typeClientHello  = 1
	typeFinished     = 20
)

// phase says whose the datagrams that arrive are.
type phase uint8

const (
	phaseEngine  phase = iota // the engine's, or kept for it
	phaseRecords              // the record layer's
	phaseOver                 // nobody's
)

// inbound is what HandleDatagram works on.
type inbound struct {
	mu     sync.Mutex // guards what follows
	phase  phase
	opener opener
	// flightSent and refused are when a repetition of the peer's last flight, and
	// its wish to renegotiate, were last answered. gap must pass in between.
	flightSent, refused time.Time
	gap                 time.Duration
	maxRecord           int // the longest content of a record
	server              bool
}

// reaction is what a datagram asks for beyond the data that it brings. It is
// acted upon when no lock is held.
type reaction struct {
	lastFlight bool  // to send the last flight again
	refuse     bool  // to refuse a renegotiation
	notify     bool  // to answer close_notify
	state      State // the state that the session ends in, or StateNew
	err        error
}

// HandleDatagram takes a datagram that arrived from the peer. It never blocks,
// and neither keeps nor changes b. What is malformed, unprotected where it must
// not be, seen before, forged, or more than the queue holds is dropped and
// counted. Once the transport is connected, the records are opened before
// HandleDatagram returns.
func (t *Transport) HandleDatagram(b []byte) {
	t.Deliver(b)
	t.EndBatch()
}

// Deliver is HandleDatagram for one datagram of a batch, behind which EndBatch
// must be called: readers may be woken only then, once for all of its data.
func (t *Transport) Deliver(b []byte) {
	t.count.datagramsReceived.Add(1)
	t.count.bytesReceived.Add(uint64(len(b)))
	t.in.mu.Lock()
	var r reaction
	switch t.in.phase {
	case phaseEngine:
		t.path.deliver(b)
	case phaseRecords:
		r = t.openAll(b)
	case phaseOver:
		t.count.drop(dropClosed)
	}
	t.in.mu.Unlock()
	t.react(r)
}

// EndBatch wakes who waits for the data of the datagrams delivered.
func (t *Transport) EndBatch() { t.data.signal() }

// openAll takes the records of a datagram. t.in.mu is held.
func (t *Transport) openAll(b []byte) (out reaction) {
	if len(b) > maxDatagram {
		t.count.drop(dropOversized)
		return out
	}
	for len(b) > 0 && out.state == StateNew {
		r, rest, ok := nextRecord(b)
		if !ok {
			// The records before it are good: "invalid" concerns one record.
			t.count.drop(dropMalformed)
			break
		}
		b = rest
		if why := t.openRecord(r, &out); why != keep {
			t.count.drop(why)
		}
	}
	return out
}

// openRecord opens a record, and queues it if it is application data. t.in.mu
// is held.
func (t *Transport) openRecord(r record, out *reaction) drop {
	if why := r.check(true); why != keep {
		return why
	}
	if len(r.body) > t.in.maxRecord+t.in.opener.protect.overhead() {
		return dropOversized
	}
	p := newPacket(len(r.body))
	content, why := t.in.opener.open(p.room()[:0], r)
	if why != keep {
		p.free()
		if t.in.opener.worn() {
			t.end(out, StateFailed, dtlsFailure(fmt.Errorf("%d records could not be authenticated", t.in.opener.forged), nil, nil))
		}
		return why
	}
	p.n = len(content)
	if r.typ == typeApplicationData {
		// RFC 5246 §6.2.1 allows empty fragments; they say nothing.
		if p.n == 0 || !t.data.put(p) {
			if p.n > 0 {
				t.count.dataFull.Add(1)
			}
			p.free()
		}
		return keep
	}
	defer p.free()
	if r.typ == typeAlert {
		return t.handleAlert(content, out)
	}
	return t.handleHandshake(content, out)
}

// end notes that the session is over. t.in.mu is held.
func (t *Transport) end(out *reaction, state State, err error) {
	t.in.phase = phaseOver
	out.state, out.err = state, err
}

// handleAlert takes an authentic alert (RFC 5246 §7.2). t.in.mu is held.
func (t *Transport) handleAlert(content []byte, out *reaction) drop {
	if len(content) != 2 || content[0] != alertWarning && content[0] != alertFatal {
		return dropMalformed
	}
	switch level, description := content[0], uint32(content[1]); {
	case description == alertCloseNotify:
		// RFC 5246 §7.2.1: "The other party MUST respond with a close_notify
		// alert of its own and close down the connection immediately".
		out.notify = true
		t.end(out, StateClosed, nil)
	case level == alertFatal:
		t.end(out, StateFailed, dtlsFailure(fmt.Errorf("the peer ended the session with alert %d", description), nil, &description))
	default:
		// RFC 5246 §7.2.2: the session goes on after a warning.
		t.cfg.Logger.Debug("dtls: warning", "alert", description)
	}
	return keep
}

// handleHandshake takes an authentic handshake message. t.in.mu is held.
func (t *Transport) handleHandshake(content []byte, out *reaction) drop {
	if len(content) < handshakeHeaderLen {
		return dropMalformed
	}
	switch content[0] {
	case typeFinished:
		// RFC 6347 §4.2.4: who has sent the last flight "MUST respond to a
		// retransmit of the peer's last flight with a retransmit of the last
		// flight". A client has not, and has nothing to say.
		if t.in.server && !t.due(&t.in.flightSent) {
			t.count.rateLimited.Add(1)
			return keep
		}
		out.lastFlight = t.in.server
		return keep
	case typeHelloRequest, typeClientHello:
		// RFC 8827 §6.5: "Implementations MUST NOT implement DTLS renegotiation
		// and MUST reject it with a "no_renegotiation" alert if offered."
		if wanted := content[0] == typeClientHello; wanted == t.in.server && t.due(&t.in.refused) {
			out.refuse = true
		}
		return dropRenegotiation
	}
	return dropStale
}

// due returns true, and sets last to now, if t.in.gap has passed since last. t.in.mu is held.
func (t *Transport) due(last *time.Time) bool {
	now := time.Now()
	if !last.IsZero() && now.Sub(*last) < t.in.gap {
		return false
	}
	*last = now
	return true
}

// react does what a datagram has asked for.
func (t *Transport) react(r reaction) {
	if r == (reaction{}) {
		return
	}
	s := t.sealer.Load()
	if r.lastFlight {
		s.lastFlight()
	}
	if r.refuse {
		s.alert(alertWarning, alertNoRenegotiation)
	}
	if r.notify {
		s.alert(alertWarning, alertCloseNotify)
	}
	if r.state != StateNew {
		t.finish(r.state, r.err)
	}
}

// closeReads ends Read: with io.EOF after the peer's close_notify.
func (t *Transport) closeReads(err error) {
	if err == nil {
		err = io.EOF
	}
	t.data.close(err)
}
