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
// that fails changes nothing, whatever it had done. An offer of the peer's that meets
// one of ours is two such calls: the rollback of ours stands, whatever the offer is.
//
// Descriptions do not act by themselves. Each pair of them is a plan: which
// transports there are, with which credentials, roles and fingerprints, what the
// data association should be doing, and what flows through each transceiver
// (planOffer, planAnswer). Effects are the difference of the plan so far and the
// next one (commitPlan). A rollback is the difference back to the plan of the last
// stable state, so that it needs no code for what it undoes.
//
// An offer of ours makes its transports gather. All that needs the peer begins
// with an answer, a provisional one included: the peer's credentials and
// candidates, DTLS, data, media. An offer of the peer's therefore only changes the
// state, and says what it has for whom.
//
// Candidates belong to a generation, a transport with one pair of credentials.
// Local ones are kept by generation and put into the text of descriptions when
// that is read; remote ones are kept with their description, and handed on once
// each when their generation is in use. No more than a thousand are kept for a
// section.
//
// # Transceivers
//
// The program has them, and says in each call what it wants of them (Local). The
// machine knows which section of the table belongs to which: those that it wrote
// itself by their place in the last offer created (associate), the peer's by mid,
// by addTrack, or by a new transceiver (pair). A transceiver without a section gets
// one with the next offer, at the end or in the place of a rejected one (places).
//
// Effects about transceivers come in this order: what a description says of each
// (TransceiverCreated, MediaDescribed; MediaRestored and TransceiverRemoved after a
// rollback), then what ends, then transports and data, then what flows
// (MediaInForce), and at last TransceiverStopped.
//
// Payload types and header extension ids belong to the section in which they have
// been negotiated, and mean one thing in the whole bundle (numbers, extensionIDs).
// Answers have the offer's.
//
// # What is supported
//
// Data channels, audio and video over DTLS-SRTP, with RTCP multiplexed, and with
// simulcast by RIDs. What cannot be accepted is answered in its place with port 0:
// other kinds and protocols, sections without a format in common, and those that want
// RTCP apart, unless the RTCP mux policy refuses the whole description.
//
// The bundle policy says how many transports an offer of ours has; an answer puts
// what it bundles onto one, and what it leaves out of the bundle gets its own with it.
// What is added later joins the bundle that the peer has agreed to.
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
