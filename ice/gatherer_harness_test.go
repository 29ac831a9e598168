package ice

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pion/stun/v4"

	"github.com/parleyrtc/webrtc/internal/simnet"
	"github.com/parleyrtc/webrtc/internal/udp"
)

// A gathering is a Gatherer with an owner, as the root package is one: a loop
// that runs what is posted, reads the sockets, sends and keeps the timer.
type gathering struct {
	t *testing.T
	*Gatherer
	began time.Time

	wake  chan struct{}
	quit  chan struct{}
	moved chan struct{} // told whenever the loop has done something
	ended sync.WaitGroup

	mu   sync.Mutex // guards work
	work []func(now time.Time)

	// These belong to the loop; tests read them while the bubble is idle.
	log     []string
	events  []GatherEvent
	sockets map[int]udp.Conn
	agent   int      // STUN packets that the gatherer left to the agent
	heard   []string // other packets, with their source
	peer    *connecting
}

// gatherOn returns a gathering on a network. configure, if not nil, changes the
// configuration.
func gatherOn(t *testing.T, network udp.Network, configure func(*GathererConfig)) *gathering {
	g := &gathering{t: t, began: time.Now(), wake: make(chan struct{}, 1), quit: make(chan struct{}), moved: make(chan struct{}, 1), sockets: map[int]udp.Conn{}}
	config := GathererConfig{Network: network, Post: g.post}
	if configure != nil {
		configure(&config)
	}
	g.Gatherer = NewGatherer(config)
	g.ended.Go(g.loop)
	return g
}

func servers(t *testing.T, urls ...string) (out []Server) {
	for _, u := range urls {
		s, err := ParseServerURL(u)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, s)
	}
	return out
}

func (g *gathering) post(f func(now time.Time)) {
	g.mu.Lock()
	g.work = append(g.work, f)
	g.mu.Unlock()
	select {
	case g.wake <- struct{}{}:
	default:
	}
}

func (g *gathering) loop() {
	timer := time.NewTimer(time.Hour)
	defer timer.Stop()
	for {
		select {
		case <-g.wake:
		case <-timer.C:
			g.HandleTimeout(time.Now())
			g.peer.handleTimeout(time.Now())
		case <-g.quit:
			return
		}
		g.mu.Lock()
		work := g.work
		g.work = nil
		g.mu.Unlock()
		for _, f := range work {
			f(time.Now())
		}
		for e, ok := g.Poll(); ok; e, ok = g.Poll() {
			g.handle(e)
			g.peer.gathered(time.Now(), e)
		}
		g.peer.settle(time.Now())
		select {
		case g.moved <- struct{}{}:
		default:
		}
		timer.Stop()
		if next := sooner(g.NextTimeout(), g.peer.nextTimeout()); !next.IsZero() {
			timer.Reset(time.Until(next))
		}
	}
}

func (g *gathering) handle(e GatherEvent) {
	at := time.Since(g.began)
	note := func(format string, args ...any) {
		g.log = append(g.log, strings.TrimSpace(fmt.Sprintf("%v %s", at, fmt.Sprintf(format, args...))))
	}
	if tr, ok := e.(Transmit); ok {
		conn := g.sockets[tr.Base]
		if conn == nil {
			g.t.Errorf("transmit on socket %d, which is closed or was never open", tr.Base)
			return
		}
		if _, err := conn.WriteBatch([]udp.Datagram{{Buf: tr.Data, N: len(tr.Data), Addr: tr.To}}); err != nil {
			g.HandleSendError(time.Now(), tr.Base, tr.To, err)
		}
		return
	}
	g.events = append(g.events, e)
	switch e := e.(type) {
	case SocketOpened:
		g.sockets[e.ID] = e.Conn
		note("open %d %s", e.ID, e.Local.Addr())
		g.ended.Go(func() { g.read(e.ID, e.Conn) })
	case SocketClosed:
		delete(g.sockets, e.ID)
		note("close %d", e.ID)
	case CandidateFound:
		note("%s %s base %d %s", e.Candidate.Type(), e.Candidate.Address(), e.Base, e.URL)
	case HiddenCandidate:
		note("hidden %s %s base %d", e.Candidate.Type(), e.Candidate.Address(), e.Base)
	case CandidateError:
		note("error %s: %s", strings.Join(strings.Fields(fmt.Sprint(e.Code, " ", e.Address, " ", e.URL)), " "), e.Text)
	case GatheringStateChanged:
		note("%s", e.State)
	case Resolved:
		if e.Err != nil {
			note("resolved %s: %v", e.Candidate.Address(), e.Err)
		} else {
			note("resolved %s: %s", e.Candidate.Address(), e.Candidate.Addr())
		}
	}
}

func (g *gathering) read(id int, conn udp.Conn) {
	batch := []udp.Datagram{{Buf: make([]byte, 2048)}}
	for {
		n, err := conn.ReadBatch(batch)
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil || n == 0 {
			continue
		}
		p, from := slices.Clone(batch[0].Buf[:batch[0].N]), batch[0].Addr
		g.post(func(now time.Time) {
			if p[0] > 3 {
				g.heard = append(g.heard, fmt.Sprintf("%s from %s", p, from))
				return
			}
			if !g.HandlePacket(now, id, from, p) {
				g.agent++
				g.peer.handlePacket(now, id, from, p)
			}
		})
	}
}

// do runs f on the loop and waits until the bubble is idle.
func (g *gathering) do(f func(now time.Time)) {
	g.post(f)
	synctest.Wait()
}

func (g *gathering) gather(ufrag string) {
	g.do(func(now time.Time) { g.Gather(now, ufrag) })
}

// after lets time pass until d since the beginning.
func (g *gathering) after(d time.Duration) {
	time.Sleep(d - time.Since(g.began))
	synctest.Wait()
}

// close ends the gathering and its owner.
func (g *gathering) close() {
	g.Close()
	close(g.quit)
	g.ended.Wait()
}

// want compares what happened since the last call with lines of the form "when
// what".
func (g *gathering) want(lines ...string) {
	g.t.Helper()
	if !slices.Equal(g.log, lines) {
		g.t.Errorf("what happened:\n  %s\nwant:\n  %s", strings.Join(g.log, "\n  "), strings.Join(lines, "\n  "))
	}
	g.log = nil
}

// candidates returns all candidates found so far.
func (g *gathering) candidates() (out []CandidateFound) {
	for _, e := range g.events {
		if f, ok := e.(CandidateFound); ok {
			out = append(out, f)
		}
	}
	return out
}

// A stunService answers Binding requests on a host of a simnet.
type stunService struct {
	conn     udp.Conn
	mu       sync.Mutex
	requests []time.Time
	ended    sync.WaitGroup
}

// serveSTUN has a host answer on an address. respond makes the answer to a
// request from an address; nil leaves it unanswered, and a nil respond answers
// with the XOR-MAPPED-ADDRESS.
func serveSTUN(t *testing.T, h *simnet.Host, addr string, respond func(n int, request []byte, from netip.AddrPort) []byte) *stunService {
	conn, err := h.ListenUDP(netip.MustParseAddrPort(addr))
	if err != nil {
		t.Fatal(err)
	}
	if respond == nil {
		respond = func(_ int, request []byte, from netip.AddrPort) []byte {
			return answer(request, xorMapped(from.String()), stun.Fingerprint)
		}
	}
	s := &stunService{conn: conn}
	s.ended.Go(func() {
		batch := []udp.Datagram{{Buf: make([]byte, 2048)}}
		for {
			if _, err := conn.ReadBatch(batch); err != nil {
				return
			}
			s.mu.Lock()
			s.requests = append(s.requests, time.Now())
			n := len(s.requests)
			s.mu.Unlock()
			if p := respond(n, slices.Clone(batch[0].Buf[:batch[0].N]), batch[0].Addr); p != nil {
				conn.WriteBatch([]udp.Datagram{{Buf: p, N: len(p), Addr: batch[0].Addr}})
			}
		}
	})
	return s
}

func (s *stunService) close() {
	s.conn.Close()
	s.ended.Wait()
}
