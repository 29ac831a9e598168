package dtlstransport

import (
	"errors"

	"github.com/pion/dtls/v3"
)

// takeOver ends the engine's part. From its return on nothing that the engine
// writes gets out, so that the sequence numbers have one owner, and the records
// are sealed and opened here. ok is false if they must stay the engine's, as
// nothing is known here of the suite.
func (t *Transport) takeOver(engine *dtls.Conn) (s *sealer, ok bool, err error) {
	state, ok := engine.ConnectionState()
	of, ours := suiteFor(state.CipherSuiteID)
	if ok && ours {
		t.path.detach()
		// What the engine has sealed until now, it has numbered by now.
		state, ok = engine.ConnectionState()
	}
	if !ok {
		return nil, false, errors.New("the engine has no state")
	}
	session, err := newSession(state)
	if err != nil && ours {
		return nil, false, err
	}
	t.mu.Lock()
	t.session, t.peer, t.group = session, state.PeerCertificates, t.path.group.name()
	t.profile, _ = engine.SelectedSRTPProtectionProfile()
	t.mu.Unlock()
	if !ours {
		return nil, false, nil
	}
	seal, open, err := session.protections(of)
	if err != nil {
		return nil, false, err
	}
	s = &sealer{send: t.transmit, log: t.cfg.Logger, protect: seal, next: session.next}
	t.path.handOver(s, session.client)

	t.in.mu.Lock()
	defer t.in.mu.Unlock()
	t.in.opener = opener{protect: open, window: newReplayWindow(t.cfg.ReplayWindow)}
	t.in.gap, t.in.server, t.in.maxRecord = t.path.lastFlightGap, !session.client, t.maxRecord()
	return s, true, nil
}

// handOver tells the record layer what the handshake has sent. The path is
// detached.
func (p *path) handOver(s *sealer, client bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	s.next = max(s.next, p.next)
	if client {
		return // the last flight of a full handshake is the server's
	}
	ccs, _, okCCS := nextRecord(p.changeCipherSpec)
	finished, _, ok := nextRecord(p.finished)
	if !ok || !okCCS {
		return
	}
	// What was sealed with our key opens with it. With what it holds the flight
	// can be sent again.
	if content, ok := s.protect.open(nil, finished); ok {
		s.finished, s.changeCipherSpec = content, ccs.sequence()+1
	}
}

// drain opens what has come while the handshake ran, and everything that comes
// from then on.
func (t *Transport) drain() {
	var reactions []reaction
	t.in.mu.Lock()
	if t.in.phase == phaseEngine {
		t.in.phase = phaseRecords
		for p := t.path.held.next(); p != nil && t.in.phase == phaseRecords; p = t.path.held.next() {
			reactions = append(reactions, t.openAll(p.content()))
			p.free()
		}
	}
	t.path = nil
	t.in.mu.Unlock()
	for _, r := range reactions {
		t.react(r)
	}
	t.EndBatch()
}
