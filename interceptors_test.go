package webrtc

import (
	"errors"
	"net"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/pion/interceptor"
	"github.com/pion/rtcp"
	"github.com/pion/rtp"

	"github.com/parleyrtc/webrtc/internal/simnet"
)

// A listener is an interceptor that notes what remote streams it is bound to, and
// puts read in their way.
type listener struct {
	interceptor.NoOp
	read func(next interceptor.RTPReader) interceptor.RTPReader

	mu    sync.Mutex // guards bound
	bound []interceptor.StreamInfo
}

// NewInterceptor makes the listener a factory of itself.
func (l *listener) NewInterceptor(string) (interceptor.Interceptor, error) { return l, nil }

func (l *listener) BindRemoteStream(info *interceptor.StreamInfo, next interceptor.RTPReader) interceptor.RTPReader {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.bound = append(l.bound, *info)
	return l.read(next)
}

// passOn reads what comes.
func passOn(next interceptor.RTPReader) interceptor.RTPReader {
	return interceptor.RTPReaderFunc(func(b []byte, a interceptor.Attributes) (int, interceptor.Attributes, error) {
		return next.Read(b, a)
	})
}

// inListenedCall is inCall where b has an interceptor.
func inListenedCall(t *testing.T, settings SettingEngine, l *listener, scenario func(w *world, a, b *peer, from *source)) {
	t.Helper()
	inWorld(t, 1, func(w *world) {
		w.net.SetDefaultPath(simnet.Path{Delay: 20 * time.Millisecond})
		a, b := w.peer("a", simnet.Addrs("192.0.2.1")), w.peerWith("b", settings, simnet.Addrs("192.0.2.2"))
		registry := &interceptor.Registry{}
		registry.Add(l)
		settings.SetNetwork(b.host)
		b.check(b.Close(), "Close")
		b.api = NewAPI(WithSettingEngine(settings), WithInterceptorRegistry(registry))
		b.open(Configuration{})
		w.signal(a, b, fixed(time.Millisecond))
		from, _ := a.source(MimeTypeVP8, "camera")
		scenario(w, a, b, from)
	})
}

// An interceptor is told the SSRC and the codec of the stream that it is bound to,
// also where a program reads before there is one.
func TestInterceptorsAreBoundToWhatComes(t *testing.T) {
	var settings SettingEngine
	settings.SetFireOnTrackBeforeFirstRTP(true)
	l := &listener{read: passOn}
	inListenedCall(t, settings, l, func(w *world, a, b *peer, from *source) {
		sinks := b.sinks(0)
		a.negotiates(b, time.Millisecond)
		w.within(10*time.Second, "both are connected", connected(a, b))
		w.within(time.Second, "the track is read", func() bool { return len(sinks()) == 1 })
		from.write(5, 10*time.Millisecond)
		time.Sleep(time.Second)
		if s := sinks()[0]; !s.has(0, 4) {
			t.Errorf("packets %v were read", s.got())
		}
		l.mu.Lock()
		defer l.mu.Unlock()
		if len(l.bound) != 1 || l.bound[0].SSRC == 0 || l.bound[0].MimeType != MimeTypeVP8 || len(l.bound[0].RTCPFeedback) == 0 {
			t.Errorf("bound to %+v", l.bound)
		}
	})
}

// Where packets are pushed, an interceptor that wants more of them than there are
// must not keep the goroutine that reads the socket.
func TestInterceptorsDoNotHoldUpWhatIsPushed(t *testing.T) {
	var inner []error
	l := &listener{read: func(next interceptor.RTPReader) interceptor.RTPReader {
		return interceptor.RTPReaderFunc(func(b []byte, a interceptor.Attributes) (int, interceptor.Attributes, error) {
			n, a, err := next.Read(b, a)
			if err == nil {
				_, _, another := next.Read(make([]byte, 100), a)
				inner = append(inner, another)
			}
			return n, a, err
		})
	}}
	inListenedCall(t, SettingEngine{}, l, func(w *world, a, b *peer, from *source) {
		var mu sync.Mutex
		var sizes []int
		b.OnTrack(func(track *TrackRemote, _ *RTPReceiver) {
			track.OnPacketPush(func(p *InboundPacket) {
				mu.Lock()
				defer mu.Unlock()
				sizes = append(sizes, len(p.Payload))
			})
		})
		a.negotiates(b, time.Millisecond)
		w.within(10*time.Second, "both are connected", connected(a, b))
		from.write(3, 10*time.Millisecond)
		// One that is longer than an MTU allows comes whole.
		a.check(from.track.WriteRTP(&rtp.Packet{Header: rtp.Header{Version: 2, SequenceNumber: 3}, Payload: make([]byte, 3000)}), "WriteRTP")
		time.Sleep(time.Second)
		mu.Lock()
		defer mu.Unlock()
		if len(sizes) != 4 || sizes[0] != 100 || sizes[3] != 3000 {
			t.Errorf("payloads of %v bytes were pushed", sizes)
		}
		for _, err := range inner {
			if !errors.Is(err, errNothingPushed) {
				t.Errorf("another read of a packet that is pushed returned %v", err)
			}
		}
	})
}

// Before there is a path, packets of RTCP are lost, as media is.
func TestWriteRTCPBeforeThereIsAPath(t *testing.T) {
	inWorld(t, 1, func(w *world) {
		a, b := w.peer("a", simnet.Addrs("192.0.2.1")), w.peer("b", simnet.Addrs("192.0.2.2"))
		w.signal(a, b, fixed(time.Millisecond))
		pli := []rtcp.Packet{&rtcp.PictureLossIndication{MediaSSRC: 1}}
		a.check(a.WriteRTCP(pli), "WriteRTCP in a new connection")
		a.source(MimeTypeVP8, "camera")
		a.exchanges(b, withoutBundle)
		a.check(a.WriteRTCP(pli), "WriteRTCP without a path")
		w.within(10*time.Second, "both are connected", connected(a, b))
		a.check(a.WriteRTCP(pli), "WriteRTCP")
		a.check(a.Close(), "Close")
		if err := a.WriteRTCP(pli); !errors.Is(err, net.ErrClosed) {
			t.Errorf("WriteRTCP after Close returned %v", err)
		}
	})
}

// A peer may send RTCP that is not known: the loop of a program goes on.
func TestUnknownRTCPIsRead(t *testing.T) {
	pli, err := rtcp.Marshal([]rtcp.Packet{&rtcp.PictureLossIndication{SenderSSRC: 1, MediaSSRC: 2}})
	if err != nil {
		t.Fatal(err)
	}
	// RFC 4585 §6.4: application layer feedback, of another application than REMB.
	other := []byte{0x8f, 206, 0, 3, 0, 0, 0, 1, 0, 0, 0, 2, 'L', 'N', 'T', 'F'}
	broken := []byte{0x9f, 200, 0, 1, 0, 0, 0, 1} // 31 reports, none of which is there
	for _, compound := range [][]byte{other, slices.Concat(pli, other, broken, pli)} {
		packets, _, err := parseRTCP(func(b []byte) (int, interceptor.Attributes, error) { return copy(b, compound), nil, nil })
		if err != nil {
			t.Errorf("%x: %v", compound, err)
		}
		known, raw := 0, 0
		for _, p := range packets {
			switch p := p.(type) {
			case *rtcp.PictureLossIndication:
				known++
			case *rtcp.RawPacket:
				raw += len(*p)
			}
		}
		if want := len(compound) - known*len(pli); len(packets) == 0 || raw != want {
			t.Errorf("%x was read as %v", compound, packets)
		}
	}
}
