package signaling

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/parleyrtc/webrtc/internal/rtcerr"
	"github.com/parleyrtc/webrtc/sdp"
)

func TestOfferAndAnswer(t *testing.T) {
	a, b := newEndpoint(t, "Alice"), newEndpoint(t, "Bob")
	a.wantSlots("", "at first")
	offer := a.offer()
	a.wantState(HaveLocalOffer, "with an offer")
	a.wantSlots("PL:offer", "with an offer")
	if tr := a.only(); !tr.controlling || tr.remote != nil || tr.dtls != nil || a.world.data != nil {
		t.Errorf("a local offer only gathers, as the one who controls:\n%s", a.world.describe())
	}

	b.setRemote(offer)
	b.wantState(HaveRemoteOffer, "with an offer")
	b.wantSlots("PR:offer", "with an offer")
	if len(b.effects) != 1 || len(b.world.transports) != 0 {
		t.Errorf("a remote offer starts nothing, but there is %+v", b.effects)
	}
	b.setLocal(Description{})
	b.wantSlots("CL:answer CR:offer", "with its answer")
	a.setRemote(*b.CurrentLocal())
	a.wantSlots("CL:offer CR:answer", "with the answer")
	wantConnected(a, b, "at the end")
	if !b.only().dtls.Client {
		t.Error("RFC 9429 §5.3.1: the answerer is active")
	}
	if d := a.world.data; d.RemotePort != 5000 || d.LocalPort != 5000 || d.RemoteMaxMessageSize != 262144 {
		t.Errorf("data is %+v", *d)
	}
}

// The order of effects: what the root relies on.
func TestOrderOfEffects(t *testing.T) {
	kinds := func(effects Effects) string {
		var names []string
		for _, e := range effects {
			switch e.(type) {
			case StateChanged:
				names = append(names, "state")
			case ICERole:
				names = append(names, "role")
			case LocalICE:
				names = append(names, "local")
			case RemoteICE:
				names = append(names, "remote")
			case RemoteCandidate:
				names = append(names, "candidate")
			case RemoteEndOfCandidates:
				names = append(names, "end")
			case StartDTLS:
				names = append(names, "dtls")
			case StartData:
				names = append(names, "data")
			case StopData:
				names = append(names, "stop")
			case CloseTransport:
				names = append(names, "close")
			}
		}
		return strings.Join(names, " ")
	}
	a, b := newEndpoint(t, "Alice"), newEndpoint(t, "Bob")
	a.offer()
	want := func(e *endpoint, order string) {
		t.Helper()
		if got := kinds(e.effects); got != order {
			t.Errorf("%s: got %q, want %q", e.name, got, order)
		}
	}
	want(a, "state role local")
	a.AddLocalCandidate(a.onlyID(), a.only().local.Ufrag, host(1))
	a.EndOfLocalCandidates(a.onlyID(), a.only().local.Ufrag)
	b.setRemote(*a.PendingLocal())
	want(b, "state")
	d := b.pranswer()
	want(b, "state role local remote candidate end dtls data")
	a.setRemote(d)
	want(a, "state remote dtls data")
	a.setRemote(Description{Answer, rejection})
	want(a, "state stop close")
}

func TestGlareIsResolvedByImplicitRollback(t *testing.T) {
	polite, impolite := newEndpoint(t, "Polly"), newEndpoint(t, "Ivan")
	early := polite.offer()
	ours := polite.only().local
	offer := impolite.offer()
	// Ivan ignores Polly's offer; Polly gives way.
	effects, err := polite.SetRemote(offer, polite.local)
	if err != nil {
		t.Fatal(err)
	}
	// webrtc-pc §4.4.2, setRemoteDescription: the rollback is a description of
	// its own, so that the state goes by stable.
	if len(effects) != 3 || effects[0] != (StateChanged{Stable}) || effects[2] != (StateChanged{HaveRemoteOffer}) {
		t.Errorf("got %+v, want stable, a transport closed, have-remote-offer", effects)
	}
	polite.apply(effects)
	polite.wantSlots("PR:offer", "having given way")
	if polite.PendingLocal() != nil || len(polite.world.transports) != 0 {
		t.Error("what the offer had allocated is still there")
	}
	polite.setLocal(Description{})
	impolite.setRemote(*polite.CurrentLocal())
	wantConnected(polite, impolite, "after the glare")
	if polite.only().local == ours {
		t.Error("credentials of the abandoned offer came again")
	}
	if early.SDP == polite.CurrentLocal().SDP {
		t.Error("the answer is the offer")
	}
}

func TestGlareInAConnectedSession(t *testing.T) {
	a, b := connected(t)
	before := a.world.describe()
	a.restart()
	offer := b.offer()
	a.setRemote(offer)
	a.wantSlots("CL:offer CR:answer PR:offer", "in the glare")
	a.world.state = Stable
	if got := a.world.describe(); got != before {
		t.Errorf("the restart was not taken back:\n%s\nwas\n%s", got, before)
	}
	a.world.state = HaveRemoteOffer
	a.setLocal(Description{})
	b.setRemote(*a.CurrentLocal())
	wantConnected(a, b, "after the glare")
	if a.only().controlling != true {
		t.Error("RFC 8445 §6.1.1: the role stays with the initial offerer")
	}
}

// webrtc-pc §4.4.2, setRemoteDescription: an offer that cannot be read has rolled ours
// back all the same, with what was allocated for it.
func TestAnOfferThatCannotBeReadRollsBack(t *testing.T) {
	a, b := newEndpoint(t, "Alice"), newEndpoint(t, "Bob")
	good := b.offer()
	for _, bad := range []Description{{Offer, "what?"}, without(t, good, "a=fingerprint")} {
		a.offer()
		a.AddLocalCandidate(a.onlyID(), a.only().local.Ufrag, host(1))
		effects, err := a.SetRemote(bad, a.local)
		if err == nil {
			t.Fatal("the offer was accepted")
		}
		a.apply(effects)
		a.wantState(Stable, "after the offer")
		a.wantSlots("", "after the offer")
		if len(a.world.transports) != 0 || len(a.n.gathered) != 0 {
			t.Errorf("left over\n%s", a.world.describe())
		}
	}
	a.setRemote(good)
}

func TestSyntaxErrorNamesTheLine(t *testing.T) {
	a, b := newEndpoint(t, "Alice"), newEndpoint(t, "Bob")
	offer := replaced(t, b.offer(), "t=0 0\r\n", "t=0 0\r\nnonsense\r\n")
	_, err := a.SetRemote(offer, a.local)
	var failure *rtcerr.RTCError
	if !errors.As(err, &failure) {
		t.Fatalf("got %v, want an RTCError", err)
	}
	if failure.Detail != rtcerr.DetailSDPSyntaxError || failure.Line == nil || *failure.Line != 5 {
		t.Errorf("got %+v, want sdp-syntax-error in line 5", failure)
	}
	var syntax *sdp.SyntaxError
	if !errors.As(err, &syntax) {
		t.Error("the cause is not wrapped")
	}
}

func TestRenegotiationChangesNothing(t *testing.T) {
	a, b := connected(t)
	for i := range 3 {
		offerer, answerer := a, b
		if i%2 == 0 {
			offerer, answerer = b, a
		}
		offerer.setRemote(answerer.answer(offerer.offer()))
		for _, e := range []*endpoint{a, b} {
			if len(e.effects) != 1 {
				t.Errorf("%s: round %d had effects %+v", e.name, i, e.effects)
			}
		}
	}
	wantConnected(a, b, "after three rounds")
	// RFC 9429 §5.3.1: the answer's role is that of the association.
	if got := lines(a.CurrentLocal(), "a=setup"); !slices.Equal(got, []string{"a=setup:passive"}) {
		t.Errorf("Alice, the DTLS server, answers with %q", got)
	}
}

// RFC 9429 §5.2.1: the session id stays; §5.2.2: the version counts changes.
func TestSessionVersion(t *testing.T) {
	a, b := newEndpoint(t, "Alice"), newEndpoint(t, "Bob")
	version := func(text string) string { return lines(&Description{SDP: text}, "o=")[0] }
	create := func(options OfferOptions) string {
		text, err := a.CreateOffer(a.local, options)
		if err != nil {
			t.Fatal(err)
		}
		return text
	}
	first := create(OfferOptions{})
	if again := create(OfferOptions{}); again != first {
		t.Errorf("nothing changed, but the offer did:\n%s\n%s", first, again)
	}
	if got := version(first); got != "o=- 42 1 IN IP4 127.0.0.1" {
		t.Errorf("got %q", got)
	}
	a.local.MaxMessageSize = 1000
	if got := version(create(OfferOptions{})); got != "o=- 42 2 IN IP4 127.0.0.1" {
		t.Errorf("after a change: %q", got)
	}
	a.setRemote(b.answer(a.offer()))
	if got := version(create(OfferOptions{})); got != "o=- 42 2 IN IP4 127.0.0.1" {
		t.Errorf("an offer like the current description: %q", got)
	}
	// "in the case where the current version is N, an offer is created and applied
	// with version N+1, and then that offer is rolled back so that the current
	// version is again N, the next generated offer will still have version N+2."
	a.restart()
	a.rollback()
	if got := version(a.restart().SDP); got != "o=- 42 4 IN IP4 127.0.0.1" {
		t.Errorf("after a rollback: %q", got)
	}
	wide := New(Config{SessionID: 1<<64 - 1})
	text, err := wide.CreateOffer(a.local, OfferOptions{})
	if err != nil || !strings.HasPrefix(version(text), "o=- 4611686018427387903 ") {
		t.Errorf("RFC 9429 §5.2.1 wants ids below 2^62: %q, %v", version(text), err)
	}
}

// rejection is an answer that rejects data.
const rejection = "v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\n" +
	"m=application 0 UDP/DTLS/SCTP webrtc-datachannel\r\nc=IN IP4 0.0.0.0\r\na=mid:0\r\n"

// A peer that rejects data: the transport ends, and the section is recycled by
// a later offer with a new mid (RFC 9429 §5.2.2).
func TestRejectedDataIsRecycled(t *testing.T) {
	a := newEndpoint(t, "Alice")
	offer := a.offer()
	a.setRemote(Description{Answer, rejection})
	if len(a.world.transports) != 0 || a.world.data != nil {
		t.Errorf("the transport is still there:\n%s", a.world.describe())
	}
	if a.NegotiationNeeded(a.local) {
		t.Error("a rejected section asks for negotiation again and again")
	}
	again := a.offer()
	media := lines(&again, "m=")
	if len(media) != 1 || media[0] != "m=application 9 UDP/DTLS/SCTP webrtc-datachannel" {
		t.Errorf("the section was not recycled: %q", media)
	}
	if got := lines(&again, "a=mid"); got[0] == lines(&offer, "a=mid")[0] {
		t.Errorf("the recycled section has the old mid %q", got)
	}
	b := newEndpoint(t, "Bob")
	a.setRemote(b.answer(again))
	wantConnected(a, b, "over the recycled section")
	if later := a.offer(); !slices.Equal(lines(&later, "a=mid"), lines(&again, "a=mid")) {
		t.Errorf("a later offer has %q for the section that was recycled as %q", lines(&later, "a=mid"), lines(&again, "a=mid"))
	}
	// Without a wish for data, the offer keeps the place, rejected.
	c := newEndpoint(t, "Carol")
	c.offer()
	c.setRemote(Description{Answer, rejection})
	c.local.Data = false
	empty := c.offer()
	if got := lines(&empty, "m="); !slices.Equal(got, []string{"m=application 0 UDP/DTLS/SCTP webrtc-datachannel"}) {
		t.Errorf("got %q", got)
	}
	if got := lines(&empty, "a=group"); got != nil {
		t.Errorf("a group of nothing: %q", got)
	}
}

// The peer ends data in a later offer.
func TestPeerRemovesData(t *testing.T) {
	a, b := connected(t)
	offer := b.offer()
	gone := replaced(t, offer, "m=application 9 ", "m=application 0 ")
	gone = without(t, gone, "a=group")
	a.setRemote(gone)
	if a.world.data == nil {
		t.Error("data ended with the offer, before the answer")
	}
	a.setLocal(Description{})
	if a.world.data != nil || len(a.world.transports) != 0 {
		t.Errorf("data goes on:\n%s", a.world.describe())
	}
	if got := lines(a.CurrentLocal(), "m="); got[0] != "m=application 0 UDP/DTLS/SCTP webrtc-datachannel" {
		t.Errorf("the answer has %q", got)
	}
}

func TestNoSections(t *testing.T) {
	a, b := newEndpoint(t, "Alice"), newEndpoint(t, "Bob")
	a.local.Data, b.local.Data = false, false
	offer := a.offer()
	if got := lines(&offer, "m="); got != nil {
		t.Errorf("an offer of nothing has %q", got)
	}
	a.setRemote(b.answer(offer))
	a.wantState(Stable, "after nothing was negotiated")
	// Data comes later, and takes mid 0.
	a.local.Data = true
	if !a.NegotiationNeeded(a.local) {
		t.Error("data asks for no negotiation")
	}
	a.setRemote(b.answer(a.offer()))
	wantConnected(a, b, "after data was added")
}

func TestMaxMessageSize(t *testing.T) {
	for line, want := range map[string]uint64{
		"a=max-message-size:1000\r\n": 1000,
		"a=max-message-size:0\r\n":    0,     // RFC 8841 §6.1: any size
		"":                            65536, // RFC 8841 §6.1: the default
	} {
		a, b := newEndpoint(t, "Alice"), newEndpoint(t, "Bob")
		answer := replaced(t, b.answer(a.offer()), "a=max-message-size:262144\r\n", line)
		a.setRemote(answer)
		if got := a.world.data.RemoteMaxMessageSize; got != want {
			t.Errorf("%q: got %d, want %d", line, got, want)
		}
	}
	a, b := connected(t)
	b.local.MaxMessageSize = 100
	a.setRemote(b.answer(a.offer()))
	if !slices.Contains(a.effects, Effect(UpdateData{RemoteMaxMessageSize: 100})) {
		t.Errorf("the new size did not come: %+v", a.effects)
	}
}

// RFC 8445 §6.1.1: against a lite peer, the full agent controls, even as the
// answerer.
func TestLitePeer(t *testing.T) {
	a, b := newEndpoint(t, "Alice"), newEndpoint(t, "Bob")
	a.answer(replaced(t, b.offer(), "s=-\r\nt=0 0\r\n", "s=-\r\nt=0 0\r\na=ice-lite\r\n"))
	if tr := a.only(); !tr.controlling || !tr.remote.Lite {
		t.Errorf("got\n%s", a.world.describe())
	}
}

func TestCanTrickle(t *testing.T) {
	a, b := newEndpoint(t, "Alice"), newEndpoint(t, "Bob")
	if got := a.CanTrickle(); got != nil {
		t.Errorf("before a remote description: %v", *got)
	}
	offer := b.offer()
	a.setRemote(offer)
	if got := a.CanTrickle(); got == nil || !*got {
		t.Error("the peer trickles")
	}
	// RFC 9429 §5.3.1: ICE options are answered if they were offered.
	a.rollback()
	a.answer(without(t, offer, "a=ice-options"))
	if got := a.CanTrickle(); got == nil || *got {
		t.Error("the peer does not trickle")
	}
	if got := lines(a.CurrentLocal(), "a=ice-options"); got != nil || a.only().remote.Trickle {
		t.Errorf("options that were not offered are answered: %q", got)
	}
}

func TestNegotiationNeeded(t *testing.T) {
	a, b := newEndpoint(t, "Alice"), newEndpoint(t, "Bob")
	want := func(needed bool, when string) {
		t.Helper()
		if a.NegotiationNeeded(a.local) != needed {
			t.Errorf("%s: got %v", when, !needed)
		}
	}
	a.local.Data = false
	want(false, "at first")
	a.RestartICE()
	want(false, "a restart of nothing")
	a.local.Data = true
	want(true, "with a data channel")
	offer := a.offer()
	want(false, "while the state is not stable")
	a.rollback()
	want(true, "after a rollback")
	a.setRemote(b.answer(a.offer()))
	want(false, "once data has been negotiated")
	a.RestartICE()
	want(true, "after restartIce")
	a.offer()
	a.rollback()
	want(true, "the wish to restart survives a rollback")
	b.setRemote(a.answer(b.offer()))
	want(true, "and an exchange that did not restart")
	a.setRemote(b.answer(a.offer()))
	want(false, "after the restart")
	a.RestartICE()
	a.Close()
	want(false, "when closed")
	_ = offer
}

// A section of kind application that is not for data channels, which this
// endpoint rejects, is not the negotiation that a data channel waits for.
func TestNegotiationNeededAfterAForeignSection(t *testing.T) {
	a, b := newEndpoint(t, "Alice"), newEndpoint(t, "Bob")
	a.local.Data = false
	a.answer(replaced(t, b.offer(), "UDP/DTLS/SCTP webrtc-datachannel", "UDP/BFCP *"))
	if a.NegotiationNeeded(a.local) {
		t.Error("nothing is wanted, but negotiation is needed")
	}
	a.local.Data = true
	if !a.NegotiationNeeded(a.local) {
		t.Error("the channel's section was not negotiated, but nothing is needed")
	}
}

// RFC 8841 §9.3: another port means another association, on the same transport.
func TestPeerChangesItsPort(t *testing.T) {
	a, b := connected(t)
	id := a.onlyID()
	a.answer(replaced(t, b.offer(), "a=sctp-port:5000", "a=sctp-port:5001"))
	want := StartData{Transport: id, LocalPort: 5000, RemotePort: 5001, RemoteMaxMessageSize: 262144}
	if len(a.effects) != 3 || a.effects[1] != (StopData{}) || a.effects[2] != want {
		t.Errorf("got %+v, want a StopData and %+v", a.effects, want)
	}
}

// RFC 8445 §6.1.1: a peer that has become lite, one that was moved to a server
// perhaps, leaves the control to us, although it made the first offer.
func TestPeerBecomesLite(t *testing.T) {
	a, b := newEndpoint(t, "Alice"), newEndpoint(t, "Bob")
	a.answer(b.offer())
	b.setRemote(*a.CurrentLocal())
	if a.only().controlling {
		t.Fatal("the answerer controls")
	}
	a.answer(replaced(t, b.restart(), "t=0 0\r\n", "t=0 0\r\na=ice-lite\r\n"))
	if tr := a.only(); !tr.controlling || !tr.remote.Lite {
		t.Errorf("got\n%s", a.world.describe())
	}
}

// RFC 3264 §6: what is offered with port 0 is answered with port 0.
func TestAnswerAcceptsWhatIsNotOffered(t *testing.T) {
	a, b := newEndpoint(t, "Alice"), newEndpoint(t, "Bob")
	a.answer(replaced(t, b.offer(), "m=application 9", "m=application 0"))
	a.local.Data = false
	a.offer()
	answer := replaced(t, b.answer(newEndpoint(t, "Carol").offer()), "a=group:BUNDLE 0\r\n", "")
	wantRefused[*rtcerr.InvalidAccessError](a, "an answer that accepts it", func() error {
		_, err := a.SetRemote(answer, a.local)
		return err
	})
	a.setRemote(Description{Answer, rejection})
}
