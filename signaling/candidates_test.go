package signaling

import (
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"
	"testing"

	"github.com/parleyrtc/webrtc/internal/rtcerr"
)

// webrtc-pc §4.4.2, addIceCandidate: each refusal.
func TestRefusedCandidates(t *testing.T) {
	a, b := newEndpoint(t, "Alice"), newEndpoint(t, "Bob")
	call := func(c Candidate) func() error {
		return func() error { _, err := a.AddRemoteCandidate(c); return err }
	}
	good := host(1)
	wantRefused[*rtcerr.TypeError](a, "neither mid nor index", call(Candidate{Candidate: good}))
	wantRefused[*rtcerr.InvalidStateError](a, "no remote description", call(Candidate{Candidate: good, Mid: pointer("0")}))
	wantRefused[*rtcerr.InvalidStateError](a, "an end without remote description", call(Candidate{}))
	a.setRemote(b.offer())
	for what, c := range map[string]Candidate{
		"unknown mid":              {Candidate: good, Mid: pointer("7")},
		"unknown mid, good index":  {Candidate: good, Mid: pointer("7"), MLineIndex: pointer[uint16](0)},
		"empty mid, no index":      {Candidate: good, Mid: pointer("")},
		"index too large":          {Candidate: good, MLineIndex: pointer[uint16](1)},
		"unknown ufrag":            {Candidate: good, Mid: pointer("0"), Ufrag: pointer("nobody")},
		"end with unknown ufrag":   {Mid: pointer("0"), Ufrag: pointer("nobody")},
		"no candidate":             {Candidate: "what?", Mid: pointer("0")},
		"no type":                  {Candidate: "1 1 udp 1 192.0.2.1 1 tup host", Mid: pointer("0")},
		"a line that was smuggled": {Candidate: good + "\r\na=ice-lite", Mid: pointer("0")},
	} {
		wantRefused[*rtcerr.OperationError](a, what, call(c))
	}
	a.Close()
	err := call(Candidate{Candidate: good, Mid: pointer("0")})()
	if !is[*rtcerr.InvalidStateError](err) || !errors.Is(err, net.ErrClosed) {
		t.Errorf("when closed: %v", err)
	}
}

func TestEveryWayToNameACandidate(t *testing.T) {
	for what, c := range map[string]Candidate{
		"mid":                       {Candidate: host(1), Mid: pointer("0")},
		"index":                     {Candidate: host(1), MLineIndex: pointer[uint16](0)},
		"empty mid and index":       {Candidate: host(1), Mid: pointer(""), MLineIndex: pointer[uint16](0)},
		"mid before index":          {Candidate: host(1), Mid: pointer("0"), MLineIndex: pointer[uint16](9)},
		"with candidate:":           {Candidate: "candidate:" + host(1), Mid: pointer("0")},
		"as an attribute":           {Candidate: "a=candidate:" + host(1), Mid: pointer("0")},
		"with its ufrag":            {Candidate: host(1), Mid: pointer("0"), Ufrag: pointer("Bob-0001")},
		"with ufrag in its text":    {Candidate: host(1) + " generation 0 ufrag Bob-0001", Mid: pointer("0")},
		"with a space at the end":   {Candidate: host(1) + " ", Mid: pointer("0")},
		"explicit and textual, too": {Candidate: host(1) + " ufrag old", Mid: pointer("0"), Ufrag: pointer("Bob-0001")},
	} {
		a, b := connected(t)
		effects, err := a.AddRemoteCandidate(c)
		if err != nil {
			t.Errorf("%s: %v", what, err)
			continue
		}
		a.apply(effects)
		if got := a.only().candidates; len(got) != 1 || !strings.HasPrefix(got[0], host(1)) {
			t.Errorf("%s: the transport has %q", what, got)
		}
		if got := lines(a.CurrentRemote(), "a=candidate:"+host(1)); len(got) != 1 {
			t.Errorf("%s: the description has %q", what, got)
		}
		_ = b
	}
}

// Candidates of an offer wait until it is answered, and come once each, those
// of the description first.
func TestCandidatesWaitForTheAnswer(t *testing.T) {
	a, b := newEndpoint(t, "Alice"), newEndpoint(t, "Bob")
	b.offer()
	b.AddLocalCandidate(b.onlyID(), b.only().local.Ufrag, host(1))
	a.setRemote(*b.PendingLocal())
	for _, c := range []string{host(2), host(1), host(2), host(3), ""} {
		effects, err := a.AddRemoteCandidate(Candidate{Candidate: c, Mid: pointer("0")})
		if err != nil || len(effects) != 0 {
			t.Fatalf("%q: %+v, %v", c, effects, err)
		}
	}
	want := []string{"a=candidate:" + host(1), "a=candidate:" + host(2), "a=candidate:" + host(3)}
	if got := lines(a.PendingRemote(), "a=candidate"); !slices.Equal(got, want) {
		t.Errorf("the description has %q", got)
	}
	if got := lines(a.PendingRemote(), "a=end-of-candidates"); len(got) != 1 {
		t.Error("the description has no end of candidates")
	}
	a.setLocal(Description{})
	if got := a.only(); !slices.Equal(got.candidates, []string{host(1), host(2), host(3)}) || !got.ended {
		t.Errorf("the transport has\n%s", a.world.describe())
	}
}

// Generations: candidates of the restart that an offer announces wait, those of
// the one in force do not, and those of one that is over are refused.
func TestCandidatesOfGenerations(t *testing.T) {
	a, b := connected(t)
	old := b.only().local.Ufrag
	a.setRemote(b.restart())
	fresh := b.only().local.Ufrag
	give := func(ufrag string, n int) (int, error) {
		effects, err := a.AddRemoteCandidate(Candidate{Candidate: host(n), Mid: pointer("0"), Ufrag: &ufrag})
		if err == nil {
			a.apply(effects)
		}
		return len(effects), err
	}
	if n, err := give(fresh, 1); n != 0 || err != nil {
		t.Errorf("a candidate of the restart: %d effects, %v", n, err)
	}
	if n, err := give(old, 2); n != 1 || err != nil {
		t.Errorf("a candidate of the generation in force: %d effects, %v", n, err)
	}
	// "If usernameFragment is null, process the candidate for the most recent ICE
	// generation."
	if effects, err := a.AddRemoteCandidate(Candidate{Candidate: host(3), Mid: pointer("0")}); len(effects) != 0 || err != nil {
		t.Errorf("a candidate without ufrag: %+v, %v", effects, err)
	}
	a.setLocal(Description{})
	if got := a.only().candidates; !slices.Equal(got, []string{host(1), host(3)}) {
		t.Errorf("after the restart: %q", got)
	}
	if _, err := give(old, 4); !is[*rtcerr.OperationError](err) {
		t.Errorf("a candidate of the generation that is over: %v", err)
	}
	// Named in the text only, it is dropped.
	late := host(5) + " ufrag " + old
	if effects, err := a.AddRemoteCandidate(Candidate{Candidate: late, Mid: pointer("0")}); err != nil || len(effects) != 0 {
		t.Errorf("a late candidate: %+v, %v", effects, err)
	}
}

func TestEndOfAllCandidates(t *testing.T) {
	a, _ := connected(t)
	for i, c := range []Candidate{{}, {Mid: pointer("0")}, {MLineIndex: pointer[uint16](0)}} {
		effects, err := a.AddRemoteCandidate(c)
		if err != nil {
			t.Fatal(err)
		}
		a.apply(effects)
		if !a.only().ended || len(effects) != min(1, 1-min(i, 1)) {
			t.Errorf("end number %d had effects %+v", i, effects)
		}
	}
}

func TestTooManyCandidates(t *testing.T) {
	a, _ := connected(t)
	for n := range maxCandidates {
		if _, err := a.AddRemoteCandidate(Candidate{Candidate: host(n), Mid: pointer("0")}); err != nil {
			t.Fatal(err)
		}
	}
	wantRefused[*rtcerr.OperationError](a, "one more", func() error {
		_, err := a.AddRemoteCandidate(Candidate{Candidate: host(maxCandidates), Mid: pointer("0")})
		return err
	})
	// The end is still taken.
	if effects, err := a.AddRemoteCandidate(Candidate{Mid: pointer("0")}); err != nil || len(effects) != 1 {
		t.Errorf("%+v, %v", effects, err)
	}
}

// A candidate for a section that was rejected is ignored (webrtc-pc §4.4.2).
func TestCandidateForARejectedSection(t *testing.T) {
	a := newEndpoint(t, "Alice")
	a.answer(audioVideoData(t))
	effects, err := a.AddRemoteCandidate(Candidate{Candidate: host(1), Mid: pointer("2")})
	if err != nil {
		t.Fatal(err)
	}
	a.apply(effects)
	before := a.world.describe()
	effects, err = a.AddRemoteCandidate(Candidate{Candidate: host(2), Mid: pointer("0")})
	if err != nil {
		t.Fatal(err)
	}
	a.apply(effects)
	if a.world.describe() != before {
		t.Errorf("got\n%s", a.world.describe())
	}
}

// A connection that lasts gathers again and again; descriptions have the last ones.
func TestLocalCandidatesAreBounded(t *testing.T) {
	a := newEndpoint(t, "Alice")
	a.offer()
	id, ufrag := a.onlyID(), a.only().local.Ufrag
	for i := range 3 * maxGathered {
		if at := a.AddLocalCandidate(id, ufrag, host(i+1)); len(at) != 1 {
			t.Fatalf("candidate %d belongs to %v", i, at)
		}
	}
	got := lines(a.PendingLocal(), "a=candidate:")
	if len(got) != maxGathered || got[len(got)-1] != "a=candidate:"+host(3*maxGathered) {
		t.Errorf("%d candidates, the last one %q", len(got), got[len(got)-1])
	}
}

// Local candidates stand in the description of their generation, and change its
// c= and m= lines (RFC 9429 §5.2.2).
func TestLocalCandidatesInDescriptions(t *testing.T) {
	a, b := newEndpoint(t, "Alice"), newEndpoint(t, "Bob")
	a.offer()
	id, ufrag := a.onlyID(), a.only().local.Ufrag
	at := a.AddLocalCandidate(id, ufrag, "candidate:"+host(1))
	if !slices.Equal(at, []Section{{Mid: "0", Index: 0}}) {
		t.Errorf("it belongs to %v", at)
	}
	a.AddLocalCandidate(id, ufrag, host(1)) // once is enough
	if got := a.AddLocalCandidate(id, "other", host(2)); got != nil {
		t.Errorf("a candidate of no generation belongs to %v", got)
	}
	if got := a.AddLocalCandidate(id+1, ufrag, host(2)); got != nil {
		t.Errorf("a candidate of no transport belongs to %v", got)
	}
	if got := a.AddLocalCandidate(id, ufrag, "what?"); got != nil {
		t.Errorf("no candidate belongs to %v", got)
	}
	want := func(d *Description, m, c string, candidates, ends int) {
		t.Helper()
		if got := lines(d, "m=")[0]; got != "m=application "+m+" UDP/DTLS/SCTP webrtc-datachannel" {
			t.Errorf("got %q", got)
		}
		if got := lines(d, "c=")[0]; got != "c=IN "+c {
			t.Errorf("got %q", got)
		}
		if got := lines(d, "a=candidate"); len(got) != candidates {
			t.Errorf("%d candidates: %q", len(got), got)
		}
		if got := lines(d, "a=end-of-candidates"); len(got) != ends {
			t.Errorf("%d ends", len(got))
		}
	}
	want(a.PendingLocal(), "40001", "IP4 192.0.2.2", 1, 0)
	a.AddLocalCandidate(id, ufrag, "2 1 udp 1 198.51.100.7 5555 typ srflx raddr 0.0.0.0 rport 0")
	a.EndOfLocalCandidates(id, ufrag)
	want(a.PendingLocal(), "5555", "IP4 198.51.100.7", 2, 1)
	// The next offer has them too, and its description not twice.
	a.setRemote(b.answer(*a.PendingLocal()))
	if got := b.only(); len(got.candidates) != 2 || !got.ended {
		t.Errorf("Bob has\n%s", b.world.describe())
	}
	text, err := a.CreateOffer(a.local, OfferOptions{})
	if err != nil {
		t.Fatal(err)
	}
	want(&Description{SDP: text}, "5555", "IP4 198.51.100.7", 2, 1)
	a.setLocal(Description{Offer, text})
	want(a.PendingLocal(), "5555", "IP4 198.51.100.7", 2, 1)
	want(a.CurrentLocal(), "5555", "IP4 198.51.100.7", 2, 1)
	// A restart begins anew; the current description keeps what it has.
	a.rollback()
	a.restart()
	want(a.PendingLocal(), "9", "IP4 0.0.0.0", 0, 0)
	want(a.CurrentLocal(), "5555", "IP4 198.51.100.7", 2, 1)
	if len(a.n.gathered) != 1 {
		t.Errorf("%d generations", len(a.n.gathered))
	}
	a.AddLocalCandidate(id, a.only().local.Ufrag, host(9))
	a.setRemote(b.answer(*a.PendingLocal()))
	if len(a.n.gathered) != 1 {
		t.Errorf("the generation that is over is kept: %d", len(a.n.gathered))
	}
}

func TestDefaultCandidate(t *testing.T) {
	const (
		v4    = "1 1 udp 1 192.0.2.1 1001 typ host"
		v6    = "1 1 UDP 1 2001:db8::1 1002 typ host"
		srflx = "1 1 udp 1 2001:db8::2 1003 typ srflx raddr :: rport 0"
		relay = "1 1 udp 1 198.51.100.1 1004 typ relay raddr 0.0.0.0 rport 0"
		mdns  = "1 1 udp 1 1b2c.local 1005 typ host"
		tcp   = "1 1 tcp 1 192.0.2.1 9 typ host tcptype active"
		rtcp  = "1 2 udp 1 192.0.2.1 1006 typ host"
	)
	for _, test := range []struct {
		candidates []string
		want       string
	}{
		{nil, ":0"},
		{[]string{mdns, tcp, rtcp}, ":0"},
		{[]string{mdns, v6}, "2001:db8::1:1002"},
		{[]string{v6, v4}, "192.0.2.1:1001"},
		{[]string{v4, v6, srflx}, "2001:db8::2:1003"},
		{[]string{v4, relay, srflx}, "198.51.100.1:1004"},
	} {
		address, port, ok := defaultCandidate(test.candidates)
		if got := fmt.Sprintf("%s:%d", address, port); got != test.want || ok != (address != "") {
			t.Errorf("%q: got %s, want %s", test.candidates, got, test.want)
		}
	}
}

// Descriptions stay as they were set but for the additions, whatever their
// line ends.
func TestInsert(t *testing.T) {
	text := "v=0\nm=audio 9 X 0\na=mid:a\nm=application 9 Y 0\nc=IN IP4 0.0.0.0\na=mid:b"
	got := insert(text, []addition{{}, {candidates: []string{"1", "2"}, ended: true, address: "::1", port: 77}})
	want := "v=0\nm=audio 9 X 0\na=mid:a\nm=application 77 Y 0\nc=IN IP6 ::1\na=mid:b\na=candidate:1\na=candidate:2\na=end-of-candidates\n"
	if got != want {
		t.Errorf("got %q", got)
	}
	if got := insert(text, make([]addition, 2)); got != text {
		t.Errorf("nothing to add, but got %q", got)
	}
}

// A candidate for a section that only the pending offer has.
func TestCandidateOfANewSection(t *testing.T) {
	a, b := connected(t)
	offer := b.offer()
	offer.SDP += strings.ReplaceAll(offer.SDP[strings.Index(offer.SDP, "m="):], "a=mid:0", "a=mid:1")
	a.setRemote(offer)
	effects, err := a.AddRemoteCandidate(Candidate{Candidate: host(1), MLineIndex: pointer[uint16](1)})
	if err != nil || len(effects) != 0 {
		t.Errorf("got %+v, %v", effects, err)
	}
	if got := lines(a.PendingRemote(), "a=candidate:"); len(got) != 1 {
		t.Errorf("the pending description has %q", got)
	}
	if got := lines(a.CurrentRemote(), "a=candidate:"); len(got) != 0 {
		t.Errorf("the current description has %q", got)
	}
}
