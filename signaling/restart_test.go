package signaling

import (
	"testing"

	"github.com/parleyrtc/webrtc/internal/rtcerr"
)

func TestRestartByOfferer(t *testing.T) {
	for _, wish := range []string{"option", "RestartICE"} {
		a, b := connected(t)
		oldA, oldB := a.only().local, b.only().local
		if wish == "RestartICE" {
			a.RestartICE()
			b.setRemote(a.offer())
		} else {
			b.setRemote(a.restart())
		}
		if a.only().local == oldA {
			t.Errorf("%s: no new credentials", wish)
		}
		if a.only().remote.Parameters != oldB {
			t.Errorf("%s: the peer's credentials changed before its answer", wish)
		}
		b.setLocal(Description{})
		a.setRemote(*b.CurrentLocal())
		wantConnected(a, b, "after a restart by "+wish)
		if b.only().local == oldB {
			t.Errorf("%s: RFC 8839 §4.4.1.1.1: the answerer has to have new credentials", wish)
		}
		// DTLS and SCTP go on over the new path.
		for _, e := range []*endpoint{a, b} {
			for _, f := range e.effects {
				switch f.(type) {
				case StartDTLS, StartData, StopData, CloseTransport:
					t.Errorf("%s: %s got %+v", wish, e.name, f)
				}
			}
		}
	}
}

// RestartICE in the middle of an exchange: the offer that is under way does
// not count, the next one does (webrtc-pc §4.4.2, restartIce).
func TestRestartWhileNegotiating(t *testing.T) {
	a, b := newEndpoint(t, "Alice"), newEndpoint(t, "Bob")
	offer := a.offer()
	first := a.only().local
	a.RestartICE()
	a.setRemote(b.answer(offer))
	if !a.NegotiationNeeded(a.local) {
		t.Error("the wish is forgotten")
	}
	a.setRemote(b.answer(a.offer()))
	wantConnected(a, b, "after the restart")
	if a.only().local == first || a.NegotiationNeeded(a.local) {
		t.Error("no restart, or another one wanted")
	}
}

// An offer that restarts and one that does not are both about the same pending
// credentials: those differ from the current ones, and that is what counts
// (webrtc-pc §4.4.2.1).
func TestRestartTwiceBeforeTheAnswer(t *testing.T) {
	a, b := connected(t)
	a.restart()
	pending := a.only().local
	a.restart()
	if a.only().local != pending {
		t.Error("a second restart threw the first one's candidates away")
	}
	a.offer()
	if a.only().local != pending {
		t.Error("an offer without the option took the restart back")
	}
	a.setRemote(b.answer(*a.PendingLocal()))
	wantConnected(a, b, "after all")
}

// An initial offer has new credentials anyway (RFC 9429 §5.2.3.1).
func TestRestartOptionInTheFirstOffer(t *testing.T) {
	a := newEndpoint(t, "Alice")
	a.restart()
	if len(a.made) != 1 {
		t.Errorf("%d credentials were made", len(a.made))
	}
}

// A peer that changes only one of ufrag and password restarts: RFC 9429 §5.10
// says "If the ICE ufrag or password changed".
func TestHalfRestart(t *testing.T) {
	a, b := connected(t)
	old := a.only().local
	offer := b.offer()
	ufrag := b.only().local.Ufrag
	a.answer(replaced(t, offer, "a=ice-ufrag:"+ufrag, "a=ice-ufrag:other"))
	if a.only().local == old || a.only().remote.Parameters.Ufrag != "other" {
		t.Errorf("no restart:\n%s", a.world.describe())
	}
}

// A peer that does not change its credentials when we restart gets them paired
// with our new ones.
func TestPeerKeepsItsCredentials(t *testing.T) {
	a, b := connected(t)
	same := *b.CurrentLocal()
	a.restart()
	a.setRemote(same)
	found := false
	for _, f := range a.effects {
		if r, ok := f.(RemoteICE); ok && r.Parameters == b.only().local {
			found = true
		}
	}
	if !found {
		t.Errorf("no RemoteICE in %+v", a.effects)
	}
}

// RFC 9429 §5.11: another certificate is taken with an ICE restart, and not
// without.
func TestPeerChangesItsCertificate(t *testing.T) {
	a, b := connected(t)
	b.local.Fingerprints[0] = fingerprint('X')
	answer := b.answer(a.offer())
	wantRefused[*rtcerr.InvalidAccessError](a, "a new fingerprint without a restart", func() error {
		_, err := a.SetRemote(answer, a.local)
		return err
	})
	a.rollback()
	b.setRemote(a.restart())
	b.setLocal(Description{})
	a.setRemote(*b.CurrentLocal())
	if got := a.only().dtls.Fingerprints; len(got) != 1 || got[0] != fingerprint('X') {
		t.Errorf("DTLS expects %v", got)
	}
}

// RFC 9429 §5.10: the peer cannot restart ICE in its answer, unless we offered
// to.
func TestUninvitedRestart(t *testing.T) {
	a, b := connected(t)
	answer := b.answer(a.offer())
	ufrag := "a=ice-ufrag:" + b.only().local.Ufrag
	wantRefused[*rtcerr.InvalidAccessError](a, "an answer with other credentials", func() error {
		_, err := a.SetRemote(replaced(t, answer, ufrag, "a=ice-ufrag:other"), a.local)
		return err
	})
	a.setRemote(answer)
	b.setRemote(a.restart())
	a.setRemote(replaced(t, b.pranswer(), "a=ice-ufrag:", "a=ice-ufrag:x"))
	b.setLocal(Description{Type: Answer})
	a.setRemote(*b.CurrentLocal())
	wantConnected(a, b, "with an answer that differs from the provisional one")
}

// A further hash of the same certificate does not end anything.
func TestPeerAddsAFingerprint(t *testing.T) {
	a, b := connected(t)
	b.local.Fingerprints = append(b.local.Fingerprints, fingerprint('X'))
	b.local.Fingerprints[1].Algorithm = "sha-512"
	b.local.Fingerprints[1].Value += ":" + b.local.Fingerprints[1].Value
	a.setRemote(b.answer(a.offer()))
	if got := a.only().dtls; len(got.Fingerprints) != 2 || got.Renew {
		t.Errorf("got %+v", *got)
	}
}

// RFC 8842 §4: another tls-id asks for a new association, with an ICE restart;
// SCTP begins anew on it.
func TestPeerChangesItsTLSID(t *testing.T) {
	a, b := newEndpoint(t, "Alice"), newEndpoint(t, "Bob")
	id := func(d Description, id string) Description {
		return replaced(t, d, "a=sctp-port", "a=tls-id:"+id+"\r\na=sctp-port")
	}
	a.setRemote(id(b.answer(a.offer()), "11111111111111111111"))
	b.setRemote(a.restart())
	b.setLocal(Description{})
	a.setRemote(id(*b.CurrentLocal(), "22222222222222222222"))
	if !a.only().dtls.Renew || a.world.data == nil {
		t.Errorf("got %+v", a.effects)
	}
	offer := b.offer()
	wantRefused[*rtcerr.InvalidAccessError](a, "a new tls-id without a restart", func() error {
		_, err := a.SetRemote(id(offer, "33333333333333333333"), a.local)
		return err
	})
}

// RFC 9429 §5.8.3: the role is that of the connection that is being continued,
// whatever a later answer says.
func TestRoleStays(t *testing.T) {
	a, b := connected(t)
	was := a.only().dtls.Client
	answer := b.answer(a.offer())
	a.setRemote(replaced(t, answer, "a=setup:active", "a=setup:passive"))
	if a.only().dtls.Client != was || len(a.effects) != 1 {
		t.Errorf("the role changed: %+v", a.effects)
	}
}
