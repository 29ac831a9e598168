package webrtc

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/parleyrtc/webrtc/internal/simnet"
)

// A snapshot is what a failed call must not change. The states of the transports
// are not in it: those move by themselves.
type snapshot struct {
	signaling                            SignalingState
	local, currentLocal, pendingLocal    string
	remote, currentRemote, pendingRemote string
	gathering                            ICEGatheringState
	trickle                              ICETrickleCapability
	needed                               bool
	sctp                                 *SCTPTransport
	transports, remoteCandidates         int
}

func (pc *PeerConnection) snapshot() snapshot {
	text := func(d *SessionDescription) string {
		if d == nil {
			return ""
		}
		return d.Type.String() + "\n" + d.SDP
	}
	s := snapshot{
		signaling: pc.SignalingState(),
		local:     text(pc.LocalDescription()), currentLocal: text(pc.CurrentLocalDescription()), pendingLocal: text(pc.PendingLocalDescription()),
		remote: text(pc.RemoteDescription()), currentRemote: text(pc.CurrentRemoteDescription()), pendingRemote: text(pc.PendingRemoteDescription()),
		gathering: pc.ICEGatheringState(), trickle: pc.CanTrickleICECandidates(), needed: pc.NegotiationNeeded(), sctp: pc.SCTP(),
	}
	_ = pc.loop.call(func(time.Time) {
		s.transports = len(pc.transports)
		for _, t := range pc.transports {
			s.remoteCandidates += len(t.agent.RemoteCandidates()) + len(t.publicICE.remotes.list())
		}
	})
	return s
}

// awaitGathering waits until nothing is added to the local description any more.
func awaitGathering(pc *PeerConnection) {
	for pc.LocalDescription() != nil && pc.ICEGatheringState() != ICEGatheringStateComplete {
		time.Sleep(50 * time.Microsecond)
	}
}

// A bench is a pair of connections on a network of their own, for descriptions
// of whatever kind.
type bench struct {
	testing.TB
	net    *simnet.Network
	api    *API
	config Configuration
}

func newBench(t testing.TB) *bench {
	b := &bench{TB: t, net: simnet.New(1), config: sharedCertificate(t)}
	var settings SettingEngine
	settings.SetNetwork(b.net.Host("bench", simnet.Addrs("192.0.2.1")))
	b.api = NewAPI(WithSettingEngine(settings))
	t.Cleanup(func() { b.net.Close() })
	return b
}

func (b *bench) connection() *PeerConnection {
	b.Helper()
	pc, err := b.api.NewPeerConnection(b.config)
	if err != nil {
		b.Fatal(err)
	}
	return pc
}

// situations are those in which a remote description may arrive.
var situations = []struct {
	name  string
	types []SDPType
	reach func(b *bench, pc *PeerConnection) error
}{
	{"stable", []SDPType{SDPTypeOffer}, func(*bench, *PeerConnection) error { return nil }},
	{"have-local-offer", []SDPType{SDPTypeAnswer, SDPTypePranswer, SDPTypeOffer}, func(b *bench, pc *PeerConnection) error {
		if _, err := pc.CreateDataChannel("data", nil); err != nil {
			return err
		}
		return pc.SetLocalDescription(SessionDescription{})
	}},
	{"negotiated", []SDPType{SDPTypeOffer}, func(b *bench, pc *PeerConnection) error {
		other := b.connection()
		defer other.Close()
		if _, err := other.CreateDataChannel("data", nil); err != nil {
			return err
		}
		if err := other.SetLocalDescription(SessionDescription{}); err != nil {
			return err
		}
		if err := pc.SetRemoteDescription(*other.LocalDescription()); err != nil {
			return err
		}
		return pc.SetLocalDescription(SessionDescription{})
	}},
}

// applies sets a description in each situation. It must not panic or hang, and
// what it refuses must not change anything; what it takes can be answered,
// rolled back and closed.
func (b *bench) applies(text string) {
	b.Helper()
	for _, situation := range situations {
		for _, typ := range situation.types {
			pc := b.connection()
			if err := situation.reach(b, pc); err != nil {
				b.Fatalf("%s: %v", situation.name, err)
			}
			awaitGathering(pc)
			before := pc.snapshot()
			if situation.name == "have-local-offer" && typ == SDPTypeOffer {
				// webrtc-pc §4.4.2: the rollback that it begins with stands.
				before = snapshot{signaling: SignalingStateStable, gathering: ICEGatheringStateNew, needed: true}
			}
			if err := pc.SetRemoteDescription(SessionDescription{Type: typ, SDP: text}); err != nil {
				if now := pc.snapshot(); now != before {
					b.Errorf("%s: a refused %s (%v) changed\n%+v\ninto\n%+v", situation.name, typ, err, before, now)
				}
			} else if pc.SignalingState() == SignalingStateHaveRemoteOffer {
				if err := pc.SetLocalDescription(SessionDescription{}); err != nil {
					if err := pc.Rollback(); err != nil {
						b.Errorf("%s: an %s can be neither answered nor rolled back: %v", situation.name, typ, err)
					}
				}
			}
			if err := pc.Close(); err != nil {
				b.Error(err)
			}
		}
	}
}

// recordedDescriptions are those of real browsers, and broken ones.
func recordedDescriptions(t testing.TB) map[string]string {
	t.Helper()
	out := map[string]string{}
	for _, pattern := range []string{"*.sdp", "broken/*"} {
		names, err := filepath.Glob(filepath.Join("testdata", "sdp", pattern))
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range names {
			text, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			out[filepath.Base(name)] = string(text)
		}
	}
	if len(out) < 50 {
		t.Fatalf("only %d descriptions in testdata/sdp", len(out))
	}
	return out
}

// TestRecordedDescriptionsInEverySituation takes them as offers, answers and
// provisional answers, fitting or not.
func TestRecordedDescriptionsInEverySituation(t *testing.T) {
	b := newBench(t)
	for _, text := range recordedDescriptions(t) {
		b.applies(text)
	}
}

// TestDescriptionsWithAFieldMissingOrWrong leaves each line of an offer out,
// empties it, doubles it, and puts something else there.
func TestDescriptionsWithAFieldMissingOrWrong(t *testing.T) {
	b := newBench(t)
	other := b.connection()
	defer other.Close()
	if _, err := other.CreateDataChannel("data", nil); err != nil {
		t.Fatal(err)
	}
	offer, err := other.CreateOffer(nil)
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.SplitAfter(offer.SDP, "\r\n")
	for i, line := range lines[:len(lines)-1] {
		for _, instead := range []string{"", line[:2] + "\r\n", line + line, "a=\x00\xff\r\n", line[:len(line)/2], strings.Repeat("a=x\r\n", 1000), "m=application 0 UDP/DTLS/SCTP webrtc-datachannel\r\n" + line} {
			b.applies(strings.Join(lines[:i], "") + instead + strings.Join(lines[i+1:], ""))
		}
	}
}

// FuzzSetRemoteDescription holds a connection against any text.
func FuzzSetRemoteDescription(f *testing.F) {
	for _, text := range recordedDescriptions(f) {
		f.Add(text)
	}
	f.Add("")
	f.Add("v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\na=group:BUNDLE 0 0 0\r\nm=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\na=mid:0\r\n")
	b := newBench(f)
	f.Fuzz(func(t *testing.T, text string) {
		b := *b
		b.TB = t
		b.applies(text)
	})
}

// FuzzAddICECandidate holds a connection against any candidate, which it takes,
// ignores or refuses with an error that changes nothing.
func FuzzAddICECandidate(f *testing.F) {
	for _, candidate := range []string{
		"", "candidate:", "candidate:1 1 udp 2130706431 192.0.2.7 50000 typ host",
		"candidate:1 1 udp 2130706431 192.0.2.7 50000 typ host generation 0 ufrag abcd network-id 1",
		"candidate:1 1 tcp 1518280447 192.0.2.7 9 typ host tcptype active",
		"candidate:1 1 udp 1 6f1c5a76-0000-4000-8000-000000000000.local 5000 typ host",
		"candidate:1 1 udp 1686052607 2001:db8::1 5000 typ srflx raddr :: rport 0",
		"a=candidate:1 2 UDP 1 192.0.2.7 5000 typ relay raddr 0.0.0.0 rport 0",
		"candidate:1 1 udp 4294967296 192.0.2.7 70000 typ host", "candidate:\x00 1 udp 1 fe80::1%eth0 5000 typ host",
	} {
		f.Add(candidate, "0", uint16(0), true)
		f.Add(candidate, "nowhere", uint16(9), false)
	}
	b := newBench(f)
	f.Fuzz(func(t *testing.T, candidate, mid string, index uint16, byMid bool) {
		b := *b
		b.TB = t
		pc := b.connection()
		defer pc.Close()
		if err := situations[2].reach(&b, pc); err != nil {
			t.Fatal(err)
		}
		awaitGathering(pc)
		init := ICECandidateInit{Candidate: candidate, SDPMLineIndex: &index}
		if byMid {
			init.SDPMid = &mid
		}
		before := pc.snapshot()
		if err := pc.AddICECandidate(init); err != nil {
			if now := pc.snapshot(); now.remote != before.remote || now.remoteCandidates != before.remoteCandidates || now.signaling != before.signaling {
				t.Errorf("a refused candidate (%v) changed\n%+v\ninto\n%+v", err, before, now)
			}
		}
		if _, err := pc.CreateOffer(nil); err != nil {
			t.Errorf("CreateOffer after the candidate: %v", err)
		}
	})
}
