// Package signaling is JSEP (RFC 9429, webrtc-pc §4.4) as a pure state machine:
// the signaling state, the current and the pending descriptions of both sides,
// offers and answers, the matching of m-lines, bundling, rollback, and the check
// whether negotiation is needed. It does no input or output, knows no clock,
// starts no goroutine and takes no lock.
//
//	m := signaling.New(signaling.Config{SessionID: random})
//	effects, err := m.SetLocal(signaling.Description{Type: signaling.Offer}, local)
//	if err != nil {
//		return err // nothing has changed
//	}
//	for _, effect := range effects {
//		switch e := effect.(type) {
//		case signaling.LocalICE: // use e.Parameters on transport e.Transport, gather
//		case signaling.StateChanged: // tell the program
//		…
//		}
//	}
//	send(m.PendingLocal())
//
// # How it works
//
// A call works on a copy of all that can change (negotiation), checks, changes
// the copy, and puts it in the place of the original at its very end. So a call
// that fails changes nothing, whatever it had done.
//
// Descriptions do not act by themselves. Each pair of them is a plan: which
// transports there are, with which credentials, roles and fingerprints, and what
// the data association should be doing (planOffer, planAnswer). Effects are the
// difference of the plan so far and the next one (commitPlan). A rollback is the
// difference back to the plan of the last stable state, so that it needs no code
// for what it undoes.
//
// An offer of ours makes its transports gather. All that needs the peer begins
// with an answer, a provisional one included: the peer's credentials and
// candidates, DTLS, data. An offer of the peer's therefore only changes the
// state.
//
// Candidates belong to a generation, a transport with one pair of credentials.
// Local ones are kept by generation and put into the text of descriptions when
// that is read; remote ones are kept with their description, and handed on once
// each when their generation is in use. No more than a thousand are kept for a
// section.
//
// # What is supported
//
// Data channels. Sections of other kinds are answered in their place with port 0;
// the table of m-lines knows them, as well as who carries whom in a bundle, which
// is where transceivers find their place.
//
// Descriptions of ours may be changed between CreateOffer or CreateAnswer and
// SetLocal only where the connection does not depend on it (checkMunged). Those
// of peers are read liberally: sections without mids, protocols of old drafts, no
// a=setup, a group whose tagged section is rejected.
//
// The errors are those of webrtc-pc, as types of package rtcerr.
//
// The package can be imported, but only the root package of this module promises
// compatibility.
package signaling
