package webrtc

import (
	"slices"
	"time"
)

// earlyFlightInterval is the first wait for the answer to a flight that checks carry,
// whose round-trip time is not known yet: that of a check (RFC 8445 §14.3).
const earlyFlightInterval = 500 * time.Millisecond

// startsEarly says whether the handshake begins in the checks, before there is a path.
func (t *transport) startsEarly() bool {
	return t.pc.api.settings.flightsInChecks && !t.lateDTLS && t.pairChanges == 0
}

// startsAgain replaces an association whose handshake began in the checks and failed,
// for want of time perhaps, before there ever was a path: that of the path will decide.
func (t *transport) startsAgain(err error) bool {
	if !t.startsEarly() {
		return false
	}
	t.log.Debug("dtls starts again with the path", "reason", err)
	t.lateDTLS = true
	t.agent.EndFlights()
	old := t.dtls.Swap(t.newDTLS())
	t.pc.tasks.Go(func() { _ = old.Close() })
	t.dtlsStarted = false
	t.dtlsStateChanged(DTLSTransportStateNew)
	return true
}

// postFlights gives packets of the handshake to the loop, for the checks to carry.
// DTLS calls it and takes the packets back.
func (t *transport) postFlights(datagrams [][]byte) {
	var copies [][]byte
	for _, b := range datagrams {
		copies = append(copies, slices.Clone(b))
	}
	t.pc.loop.post(func(now time.Time) {
		if t.path.Load() != nil {
			_ = t.send(copies) // the path has come meanwhile
			return
		}
		for _, b := range copies {
			t.agent.SendFlight(now, b)
		}
	})
}

// flushFlights sends what the checks have not brought the peer over the path that is
// there now.
func (t *transport) flushFlights() {
	if rest := t.agent.TakeFlights(); len(rest) > 0 {
		_ = t.send(rest)
	}
}
