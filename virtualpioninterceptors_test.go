package webrtc

import (
	"bytes"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pion/interceptor"
	"github.com/pion/interceptor/pkg/intervalpli"
	"github.com/pion/interceptor/pkg/nack"
	"github.com/pion/interceptor/pkg/packetdump"
	"github.com/pion/interceptor/pkg/report"
	"github.com/pion/interceptor/pkg/stats"
	"github.com/pion/interceptor/pkg/twcc"
)

// A lockedBuffer is written to by an interceptor's goroutine.
type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

func (b *lockedBuffer) lines() []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return strings.Split(strings.TrimSpace(b.b.String()), "\n")
}

// inCallWithRegistries is inCall where each side has the interceptors of a registry.
func inCallWithRegistries(t *testing.T, build func(name string, r *interceptor.Registry) error, scenario func(w *world, c *call)) {
	t.Helper()
	inCallOf(t, func(w *world, name string) *API {
		r := &interceptor.Registry{}
		if err := build(name, r); err != nil {
			w.Fatal(err)
		}
		return NewAPI(WithInterceptorRegistry(r))
	}, scenario)
}

// The dumpers of pion/interceptor see what is sent and what is received.
func TestVirtualPacketDump(t *testing.T) {
	var sent, received lockedBuffer
	inCallWithRegistries(t, func(name string, r *interceptor.Registry) error {
		if name == "a" {
			f, err := packetdump.NewSenderInterceptor(packetdump.RTPWriter(&sent), packetdump.RTCPWriter(&sent))
			r.Add(f)
			return err
		}
		f, err := packetdump.NewReceiverInterceptor(packetdump.RTPWriter(&received), packetdump.RTCPWriter(&received))
		r.Add(f)
		return err
	}, func(w *world, c *call) {
		c.talk(25)
		for name, b := range map[string]*lockedBuffer{"sent": &sent, "received": &received} {
			rtp := 0
			for _, line := range b.lines() {
				if strings.Contains(line, "SSRC") || strings.HasPrefix(line, "RTP") {
					rtp++
				}
			}
			if rtp < 25 {
				w.Errorf("%s: %d lines tell of packets, want 25 or more:\n%s", name, rtp, strings.Join(b.lines(), "\n"))
			}
		}
		if !c.atB.last().has(0, 24) {
			w.Errorf("b has got %v", c.atB.last().got())
		}
	})
}

// The statistics of pion/interceptor count what passes.
func TestVirtualPionStatistics(t *testing.T) {
	getters := map[string]stats.Getter{}
	inCallWithRegistries(t, func(name string, r *interceptor.Registry) error {
		f, err := stats.NewInterceptor()
		if err != nil {
			return err
		}
		f.OnNewPeerConnection(func(_ string, g stats.Getter) { getters[name] = g })
		r.Add(f)
		return nil
	}, func(w *world, c *call) {
		go drainRTCP(c.a.GetSenders()[0].ReadRTCP)
		go drainRTCP(c.b.GetReceivers()[0].ReadRTCP)
		c.talk(400)
		ssrc := uint32(c.ssrc(c.a))
		out, in := getters["a"].Get(ssrc), getters["b"].Get(ssrc)
		// Their recorders begin on goroutines of their own and may miss the first packets.
		const least = 395
		if out == nil || out.OutboundRTPStreamStats.PacketsSent < least || out.OutboundRTPStreamStats.PacketsSent > 400 {
			w.Fatalf("sent: %+v", out)
		}
		if in == nil || in.InboundRTPStreamStats.PacketsReceived < least || in.InboundRTPStreamStats.PacketsReceived > 400 || in.InboundRTPStreamStats.PacketsLost != 0 {
			w.Fatalf("received: %+v", in)
		}
		// The library's own sender reports do not pass them, so that they have no
		// round trip to measure.
		if out.RemoteInboundRTPStreamStats.PacketsReceived == 0 {
			w.Errorf("reports of the peer: %+v", out.RemoteInboundRTPStreamStats)
		}
		if in.RemoteOutboundRTPStreamStats.ReportsSent == 0 {
			w.Errorf("reports of the sender: %+v", in.RemoteOutboundRTPStreamStats)
		}
	})
}

// The interceptor that asks for key frames at an interval does so, by the way of
// WriteRTCP.
func TestVirtualIntervalPLI(t *testing.T) {
	inCallWithRegistries(t, func(name string, r *interceptor.Registry) error {
		if name == "a" {
			return nil
		}
		f, err := intervalpli.NewReceiverInterceptor(intervalpli.GeneratorInterval(time.Second))
		r.Add(f)
		return err
	}, func(w *world, c *call) {
		var mu sync.Mutex
		asked := 0
		c.a.GetSenders()[0].OnKeyFrameRequest(func(string) {
			mu.Lock()
			defer mu.Unlock()
			asked++
		})
		c.talk(500)
		mu.Lock()
		defer mu.Unlock()
		if asked < 4 || asked > 6 {
			w.Errorf("key frames were asked for %d times in 5 s, want once a second", asked)
		}
	})
}

// A program that brings the interceptors along which pion/webrtc needs for NACK,
// reports and feedback does twice what is done already, and no harm.
func TestVirtualPionDefaultInterceptors(t *testing.T) {
	inCallWithRegistries(t, func(name string, r *interceptor.Registry) error {
		generator, err := nack.NewGeneratorInterceptor()
		if err != nil {
			return err
		}
		responder, err := nack.NewResponderInterceptor()
		if err != nil {
			return err
		}
		receiver, err := report.NewReceiverInterceptor()
		if err != nil {
			return err
		}
		sender, err := report.NewSenderInterceptor()
		if err != nil {
			return err
		}
		header, err := twcc.NewHeaderExtensionInterceptor()
		if err != nil {
			return err
		}
		feedback, err := twcc.NewSenderInterceptor()
		for _, f := range []interceptor.Factory{generator, responder, receiver, sender, header, feedback} {
			r.Add(f)
		}
		return err
	}, func(w *world, c *call) {
		for _, p := range []*peer{c.a, c.b} {
			go drainRTCP(p.GetSenders()[0].ReadRTCP)
			go drainRTCP(p.GetReceivers()[0].ReadRTCP)
		}
		w.net.SetDefaultPath(tenPercent)
		const n = 500
		c.talk(n)
		time.Sleep(2 * time.Second)
		// The audience waits 100 ms for what is missing, less than a repair takes.
		for who, s := range map[string]*sink{"a": c.atA.last(), "b": c.atB.last()} {
			if got := len(s.got()); float64(got) < 0.85*n {
				w.Errorf("%s has got %d of %d packets", who, got, n)
			}
		}
	})
}
