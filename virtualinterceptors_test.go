package webrtc

import (
	"encoding/binary"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pion/interceptor"
	"github.com/pion/rtcp"
	"github.com/pion/rtp"

	"github.com/parleyrtc/webrtc/transceiver/extension"
)

// A witness is an interceptor that notes all that is done with it, and what
// passes.
type witness struct {
	name string

	mu              sync.Mutex // guards what follows
	local, remote   []interceptor.StreamInfo
	unbound         []string // "local SSRC" or "remote SSRC"
	closed          int
	sent, received  int // RTP packets
	rtcpOut, rtcpIn []rtcp.Packet
	readers         int // of RTCP
	changesOut      func(h *rtp.Header, payload []byte) []byte
	changesIn       func(packet []byte) []byte
}

// NewInterceptor makes the witness its own factory.
func (i *witness) NewInterceptor(string) (interceptor.Interceptor, error) { return i, nil }

func (i *witness) BindLocalStream(info *interceptor.StreamInfo, next interceptor.RTPWriter) interceptor.RTPWriter {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.local = append(i.local, *info)
	return interceptor.RTPWriterFunc(func(h *rtp.Header, payload []byte, a interceptor.Attributes) (int, error) {
		i.mu.Lock()
		i.sent++
		change := i.changesOut
		i.mu.Unlock()
		if change != nil {
			payload = change(h, payload)
		}
		return next.Write(h, payload, a)
	})
}

func (i *witness) UnbindLocalStream(info *interceptor.StreamInfo) {
	i.note(fmt.Sprintf("local %d", info.SSRC))
}

func (i *witness) BindRemoteStream(info *interceptor.StreamInfo, next interceptor.RTPReader) interceptor.RTPReader {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.remote = append(i.remote, *info)
	return interceptor.RTPReaderFunc(func(b []byte, a interceptor.Attributes) (int, interceptor.Attributes, error) {
		n, a, err := next.Read(b, a)
		if err != nil {
			return n, a, err
		}
		i.mu.Lock()
		i.received++
		change := i.changesIn
		i.mu.Unlock()
		if change != nil {
			n = copy(b, change(b[:n]))
		}
		if a == nil {
			a = interceptor.Attributes{}
		}
		a.Set("seen by", i.name)
		return n, a, nil
	})
}

func (i *witness) UnbindRemoteStream(info *interceptor.StreamInfo) {
	i.note(fmt.Sprintf("remote %d", info.SSRC))
}

func (i *witness) BindRTCPReader(next interceptor.RTCPReader) interceptor.RTCPReader {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.readers++
	return interceptor.RTCPReaderFunc(func(b []byte, a interceptor.Attributes) (int, interceptor.Attributes, error) {
		n, a, err := next.Read(b, a)
		if err == nil {
			packets, _ := rtcp.Unmarshal(b[:n])
			i.mu.Lock()
			i.rtcpIn = append(i.rtcpIn, packets...)
			i.mu.Unlock()
		}
		return n, a, err
	})
}

func (i *witness) BindRTCPWriter(next interceptor.RTCPWriter) interceptor.RTCPWriter {
	return interceptor.RTCPWriterFunc(func(packets []rtcp.Packet, a interceptor.Attributes) (int, error) {
		i.mu.Lock()
		i.rtcpOut = append(i.rtcpOut, packets...)
		i.mu.Unlock()
		return next.Write(packets, a)
	})
}

func (i *witness) Close() error {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.closed++
	return nil
}

func (i *witness) note(line string) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.unbound = append(i.unbound, line)
}

// calm waits until nothing passes, and returns what was seen so far.
func (i *witness) calm() (local, remote []interceptor.StreamInfo, sent, received int) {
	synctest.Wait()
	i.mu.Lock()
	defer i.mu.Unlock()
	return slices.Clone(i.local), slices.Clone(i.remote), i.sent, i.received
}

func (i *witness) gone() []string {
	i.mu.Lock()
	defer i.mu.Unlock()
	return slices.Clone(i.unbound)
}

// inWitnessedCall is inCall where both sides have an interceptor.
func inWitnessedCall(t *testing.T, scenario func(w *world, c *call, atA, atB *witness)) {
	t.Helper()
	atA, atB := &witness{name: "a"}, &witness{name: "b"}
	registries := map[string]*interceptor.Registry{"a": {}, "b": {}}
	registries["a"].Add(atA)
	registries["b"].Add(atB)
	inCallOf(t, func(w *world, name string) *API {
		return NewAPI(WithInterceptorRegistry(registries[name]))
	}, func(w *world, c *call) { scenario(w, c, atA, atB) })
}

// A program's interceptors are told what streams there are, see each packet once,
// and hear the end.
func TestVirtualInterceptorsSeeAll(t *testing.T) {
	inWitnessedCall(t, func(w *world, c *call, atA, atB *witness) {
		c.talk(20)
		ssrc := uint32(c.ssrc(c.a))
		local, back, sent, _ := atA.calm()
		_, remote, _, received := atB.calm()
		if len(local) != 1 || len(remote) != 1 || len(back) != 1 || sent != 20 || received != 20 {
			w.Fatalf("%d local streams with %d packets, %d remote ones with %d", len(local), sent, len(remote), received)
		}
		for what, info := range map[string]interceptor.StreamInfo{"sent": local[0], "received": remote[0]} {
			if info.SSRC != ssrc || info.PayloadType != 96 || info.PayloadTypeRetransmission != 97 || info.MimeType != MimeTypeVP8 || info.ClockRate != 90000 || info.ID == "" {
				w.Errorf("%s: %+v", what, info)
			}
			for _, want := range []interceptor.RTCPFeedback{{Type: "nack"}, {Type: "nack", Parameter: "pli"}, {Type: "transport-cc"}, {Type: "goog-remb"}} {
				if !slices.Contains(info.RTCPFeedback, want) {
					w.Errorf("%s: no feedback %v in %v", what, want, info.RTCPFeedback)
				}
			}
			if !slices.ContainsFunc(info.RTPHeaderExtensions, func(e interceptor.RTPHeaderExtension) bool { return e.URI == extension.TransportCC && e.ID > 0 }) {
				w.Errorf("%s: no header extension for transport-wide numbers in %v", what, info.RTPHeaderExtensions)
			}
		}
		if rtx := local[0].SSRCRetransmission; rtx == 0 || rtx != uint32(c.a.GetSenders()[0].GetParameters().Encodings[0].RTX.SSRC) {
			w.Errorf("retransmissions are to have SSRC %d", rtx)
		}
		c.a.must(c.a.Close(), "Close")
		c.b.must(c.b.Close(), "Close")
		other := back[0].SSRC
		for name, list := range map[string][]string{"a": atA.gone(), "b": atB.gone()} {
			slices.Sort(list)
			want := []string{fmt.Sprintf("local %d", ssrc), fmt.Sprintf("remote %d", other)}
			if name == "b" {
				want = []string{fmt.Sprintf("local %d", other), fmt.Sprintf("remote %d", ssrc)}
			}
			if !slices.Equal(list, want) {
				w.Errorf("%s: unbound %q, want %q", name, list, want)
			}
		}
		if atA.closed != 1 || atB.closed != 1 {
			w.Errorf("closed %d and %d times", atA.closed, atB.closed)
		}
	})
}

// They may change packets both ways.
func TestVirtualInterceptorsChangePackets(t *testing.T) {
	inWitnessedCall(t, func(w *world, c *call, atA, atB *witness) {
		atA.changesOut = func(h *rtp.Header, payload []byte) []byte {
			out := slices.Clone(payload)
			binary.BigEndian.PutUint32(out[4:], binary.BigEndian.Uint32(out[4:])+1000)
			return append(out, "appended"...)
		}
		atB.changesIn = func(packet []byte) []byte {
			out := slices.Clone(packet)
			at := len(out) - len("appended")
			if string(out[at:]) != "appended" {
				w.Errorf("%q has come", out)
			}
			return out[:at]
		}
		c.talk(20)
		if !c.atB.last().has(1000, 1019) {
			w.Errorf("b has got %v", c.atB.last().got())
		}
	})
}

// Attributes reach the program, for packets that are read.
func TestVirtualInterceptorsSetAttributes(t *testing.T) {
	inWitnessedCall(t, func(w *world, c *call, atA, atB *witness) {
		done := make(chan interceptor.Attributes, 1)
		c.b.OnTrack(func(track *TrackRemote, _ *RTPReceiver) {
			_, a, err := track.ReadRTP()
			c.b.check(err, "ReadRTP")
			done <- a
		})
		c.talk(1)
		if a := <-done; a.Get("seen by") != "b" {
			w.Errorf("attributes %v", a)
		}
	})
}

// RTCP of the program's passes them on its way out, and what it reads on its way in.
func TestVirtualInterceptorsSeeRTCP(t *testing.T) {
	inWitnessedCall(t, func(w *world, c *call, atA, atB *witness) {
		go drainRTCP(c.a.GetSenders()[0].ReadRTCP)
		go drainRTCP(c.b.GetReceivers()[0].ReadRTCP)
		c.talk(100)
		c.b.must(c.b.WriteRTCP([]rtcp.Packet{&rtcp.PictureLossIndication{MediaSSRC: uint32(c.ssrc(c.a))}}), "WriteRTCP")
		c.talk(300)
		atA.mu.Lock()
		defer atA.mu.Unlock()
		atB.mu.Lock()
		defer atB.mu.Unlock()
		if len(atB.rtcpOut) != 1 {
			w.Errorf("%d packets of the program's have passed, want 1", len(atB.rtcpOut))
		}
		if !hasKind[*rtcp.PictureLossIndication](atA.rtcpIn) || !hasKind[*rtcp.ReceiverReport](atA.rtcpIn) && !hasKind[*rtcp.SenderReport](atA.rtcpIn) {
			w.Errorf("the sender's interceptor has seen %d packets: %s", len(atA.rtcpIn), kindsOf(atA.rtcpIn))
		}
		if !hasKind[*rtcp.SenderReport](atB.rtcpIn) {
			w.Errorf("the receiver's interceptor has seen %s", kindsOf(atB.rtcpIn))
		}
		if atA.readers != 1 || atB.readers != 1 {
			w.Errorf("%d and %d readers of RTCP were bound, want one for each that is read", atA.readers, atB.readers)
		}
	})
}

func drainRTCP(read func() ([]rtcp.Packet, interceptor.Attributes, error)) {
	for {
		if _, _, err := read(); err != nil {
			return
		}
	}
}

func hasKind[P rtcp.Packet](packets []rtcp.Packet) bool {
	return slices.ContainsFunc(packets, func(p rtcp.Packet) bool { _, ok := p.(P); return ok })
}

func kindsOf(packets []rtcp.Packet) string {
	count := map[string]int{}
	for _, p := range packets {
		count[strings.TrimPrefix(fmt.Sprintf("%T", p), "*rtcp.")]++
	}
	return fmt.Sprint(count)
}

// Tracks that change tell the interceptors: a replaced one is bound anew, one that
// is removed unbound, and a source that restarts is another stream.
func TestVirtualInterceptorsFollowTracks(t *testing.T) {
	inWitnessedCall(t, func(w *world, c *call, atA, atB *witness) {
		sender, ssrc := c.a.GetSenders()[0], uint32(c.ssrc(c.a))
		c.talk(5)
		next := c.a.unsent(asVP9, "next")
		c.a.replaces(sender, next)
		next.write(5, 10*time.Millisecond)
		if local, _, _, _ := atA.calm(); len(local) != 2 || local[1].MimeType != MimeTypeVP9 || local[1].SSRC != ssrc || local[1].PayloadType != 98 {
			w.Errorf("after ReplaceTrack: bound to %+v", local)
		}
		if got := atA.gone(); !slices.Equal(got, []string{fmt.Sprintf("local %d", ssrc)}) {
			w.Errorf("after ReplaceTrack: unbound %q", got)
		}
		sender.restart()
		renewed := uint32(c.ssrc(c.a))
		next.write(5, 10*time.Millisecond)
		time.Sleep(200 * time.Millisecond)
		_, remote, _, received := atB.calm()
		if len(remote) != 2 || remote[1].SSRC != renewed || remote[1].PayloadType != 98 {
			w.Errorf("after the restart: bound to %+v, want SSRC %d", remote, renewed)
		}
		if got := atB.gone(); !slices.Equal(got, []string{fmt.Sprintf("remote %d", ssrc)}) {
			w.Errorf("after the restart: unbound %q", got)
		}
		if received != 15 {
			w.Errorf("%d packets have passed, want 15", received)
		}
		c.a.must(c.a.RemoveTrack(sender), "RemoveTrack")
		if got := atA.gone(); got[len(got)-1] != fmt.Sprintf("local %d", renewed) {
			w.Errorf("after RemoveTrack: unbound %q", got)
		}
		c.a.must(c.a.GetTransceivers()[0].Stop(), "Stop")
		c.a.negotiates(c.b, 10*time.Millisecond)
		time.Sleep(100 * time.Millisecond)
		if got := atB.gone(); !slices.Contains(got, fmt.Sprintf("remote %d", renewed)) {
			w.Errorf("after Stop: unbound %q", got)
		}
	})
}

// Packets that are pushed pass them, too.
func TestVirtualInterceptorsSeeWhatIsPushed(t *testing.T) {
	inWitnessedCall(t, func(w *world, c *call, atA, atB *witness) {
		var mu sync.Mutex
		var got []uint32
		c.b.OnTrack(func(track *TrackRemote, _ *RTPReceiver) {
			track.OnPacketPush(func(p *InboundPacket) {
				mu.Lock()
				defer mu.Unlock()
				got = append(got, binary.BigEndian.Uint32(p.Payload[4:]))
			})
		})
		atB.changesIn = func(packet []byte) []byte {
			out := slices.Clone(packet)
			at := len(out) - 96
			binary.BigEndian.PutUint32(out[at:], binary.BigEndian.Uint32(out[at:])+1000)
			return out
		}
		c.talk(10)
		c.a.GetSenders()[0].restart()
		c.talk(10)
		_, remote, _, received := atB.calm()
		mu.Lock()
		defer mu.Unlock()
		if len(got) != 20 || got[0] != 1000 || got[19] != 1019 || received != 20 {
			w.Errorf("%v were pushed, %d have passed", got, received)
		}
		if len(remote) != 2 || len(atB.gone()) != 1 {
			w.Errorf("bound to %d streams, unbound %q; want the restart noticed", len(remote), atB.gone())
		}
	})
}

// A registry whose interceptors change nothing costs nothing: packets take the
// direct way.
func TestVirtualInterceptorsThatChangeNothing(t *testing.T) {
	registry := &interceptor.Registry{}
	registry.Add(&idle{})
	inCallOf(t, func(*world, string) *API { return NewAPI(WithInterceptorRegistry(registry)) }, func(w *world, c *call) {
		c.talk(10)
		e := c.a.GetSenders()[0].encodings[0]
		if e.bound.info == nil || e.bound.writer.to.Load().chain != nil {
			w.Error("what is sent passes interceptors that are not there")
		}
		track := c.atB.last().track
		if !track.chain.bound.direct() || track.chain.bound.info == nil {
			w.Error("what is received passes interceptors that are not there")
		}
		if !c.atB.last().has(0, 9) {
			w.Errorf("b has got %v", c.atB.last().got())
		}
	})
}

// idle is an interceptor that leaves everything as it is.
type idle struct{ interceptor.NoOp }

func (i *idle) NewInterceptor(string) (interceptor.Interceptor, error) { return i, nil }
