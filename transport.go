package webrtc

import (
	"log/slog"
	"net"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"github.com/parleyrtc/webrtc/ice"
	"github.com/parleyrtc/webrtc/internal/dtlstransport"
	"github.com/parleyrtc/webrtc/internal/srtptransport"
	"github.com/parleyrtc/webrtc/signaling"
	"github.com/parleyrtc/webrtc/transceiver"
)

// A transport is one ICE and DTLS transport of a connection: the agent and the
// gatherer, which the loop drives, the sockets that feed them, and the DTLS
// association over the selected pair. Its fields belong to the loop but for
// those marked otherwise.
type transport struct {
	pc  *PeerConnection
	id  signaling.TransportID
	log *slog.Logger

	agent    *ice.Agent
	gatherer *ice.Gatherer
	sockets  map[int]*socket

	iceState   ICETransportState
	dtlsState  DTLSTransportState
	gathering  ICEGatheringState
	localUfrag string
	// resolving counts the remote .local names whose addresses are asked for;
	// the end of candidates waits for them.
	resolving int
	ended     bool // the peer's end of candidates has come

	// known are the remote addresses that belong to the peer as far as ICE can
	// tell. Sockets' goroutines read it; the map itself is never changed.
	known     atomic.Pointer[map[netip.AddrPort]struct{}]
	strangers atomic.Uint64 // packets from elsewhere, which were dropped
	notice    strangerNotice
	quiet     silenceWatch

	// traffic counts what goes over each pair, strays what has come from elsewhere;
	// pairChanges is how often the selected pair has changed.
	trafficMu   sync.Mutex // guards traffic
	traffic     map[pairKey]*traffic
	strays      traffic
	pairChanges uint32

	// path is where packets go now. It is read on every packet's way.
	path atomic.Pointer[path]
	// dtls is the association, there from the beginning so that the peer's first
	// records wait in it; sockets' goroutines read it. It is replaced when a
	// description asks for a new one.
	dtls        atomic.Pointer[dtlstransport.Transport]
	dtlsReady   *signaling.StartDTLS // waits for the first path
	dtlsStarted bool
	lateDTLS    bool // its handshake waits for a path

	// media is the RTP session, nil before a description has media on the
	// transport; sockets' goroutines read it.
	media   atomic.Pointer[transceiver.Session]
	cryptex bool                  // RFC 9335 was agreed on
	sealer  *srtptransport.Sealer // of the session, nil before DTLS is connected

	publicICE  *ICETransport
	publicDTLS *DTLSTransport
}

func newTransport(pc *PeerConnection, id signaling.TransportID) *transport {
	t := &transport{
		pc:        pc,
		id:        id,
		log:       pc.log.With("transport", int(id)),
		sockets:   map[int]*socket{},
		traffic:   map[pairKey]*traffic{},
		iceState:  ICETransportStateNew,
		dtlsState: DTLSTransportStateNew,
		gathering: ICEGatheringStateNew,
	}
	t.known.Store(&map[netip.AddrPort]struct{}{})
	t.publicICE = &ICETransport{transport: t}
	t.publicDTLS = &DTLSTransport{transport: t, ice: t.publicICE}
	t.agent = ice.NewAgent(pc.agentConfig(t))
	t.gatherer = ice.NewGatherer(pc.gathererConfig(t))
	t.dtls.Store(t.newDTLS())
	// Programs may look before anything has changed.
	t.setICEState(ICETransportStateNew)
	t.setDTLSState(DTLSTransportStateNew)
	t.publicICE.gathering.Store(int32(ICEGathererStateNew))
	return t
}

// localICE begins a generation of local candidates, or goes back to one.
func (t *transport) localICE(now time.Time, e signaling.LocalICE) {
	t.localUfrag = e.Parameters.Ufrag
	t.publicICE.local.Store(&ICEParameters{UsernameFragment: e.Parameters.Ufrag, Password: e.Parameters.Pwd})
	if e.Rollback {
		t.agent.Rollback(now)
		t.publicICE.locals.reset()
		t.gatherer.Gather(now, e.Parameters.Ufrag) // what the restart may have cut short
		return
	}
	t.publicICE.locals.reset()
	t.agent.Restart(now, e.Parameters.Ufrag, e.Parameters.Pwd)
	t.gatherer.Gather(now, e.Parameters.Ufrag)
}

func (t *transport) setControlling(now time.Time, controlling bool) {
	t.agent.SetControlling(now, controlling)
	t.roleChanged(controlling)
}

func (t *transport) remoteICE(now time.Time, e signaling.RemoteICE) {
	t.ended = false
	t.publicICE.remotes.reset()
	t.publicICE.remote.Store(&ICEParameters{
		UsernameFragment: e.Parameters.Ufrag, Password: e.Parameters.Pwd, ICELite: e.Lite,
	})
	t.agent.SetRemoteLite(now, e.Lite)
	t.agent.SetRemoteRenomination(e.Renomination)
	t.agent.SetRemoteCredentials(now, e.Parameters.Ufrag, e.Parameters.Pwd)
}

// addRemoteCandidate hands a candidate to the agent; a .local name is resolved
// first. What the agent cannot use is ignored, as RFC 8839 §5.1 asks.
func (t *transport) addRemoteCandidate(now time.Time, value string) {
	c, err := ice.UnmarshalCandidate(value)
	if err != nil {
		t.log.Debug("remote candidate ignored", "candidate", value, "reason", err)
		return
	}
	if prohibited(c) {
		t.log.Debug("remote candidate ignored", "candidate", value, "reason", "a port of another protocol")
		return
	}
	t.publicICE.remotes.add(*candidateFrom(c))
	if !c.Addr().IsValid() {
		t.resolving++
		t.gatherer.Resolve(now, c)
		return
	}
	t.offerRemoteCandidate(now, c)
}

func (t *transport) offerRemoteCandidate(now time.Time, c ice.Candidate) {
	if !t.pc.api.settings.allowsRemote(c.Addr().Addr()) {
		t.log.Debug("remote candidate ignored", "candidate", c, "reason", "refused by SetRemoteIPFilter")
		return
	}
	t.gatherer.Permit(now, c.Addr().Addr())
	if err := t.agent.AddRemoteCandidate(now, c); err != nil {
		t.log.Debug("remote candidate ignored", "candidate", c, "reason", err)
	}
	t.know(c.Addr())
}

func (t *transport) endRemoteCandidates(now time.Time) {
	t.ended = true
	if t.resolving == 0 {
		t.agent.EndOfRemoteCandidates(now)
	}
}

func (t *transport) handlePacket(now time.Time, p *packet) {
	b := p.buf[:p.n:p.n]
	if t.gatherer.HandlePacket(now, p.socket, p.from, b) {
		return
	}
	if !t.pc.api.settings.allowsRemote(p.from.Addr()) {
		return
	}
	if v := t.agent.HandlePacket(now, p.socket, p.from, b); v != ice.PacketDropped {
		t.confirm(now, p.socket, p.from, v == ice.PacketProven)
	}
	t.know(p.from)
}

// know lets packets from an address in if the agent knows it as the peer's.
func (t *transport) know(remote netip.AddrPort) {
	old := *t.known.Load()
	if _, ok := old[remote]; ok || !t.agent.Knows(remote) {
		return
	}
	known := make(map[netip.AddrPort]struct{}, len(old)+1)
	for a := range old {
		if t.agent.Knows(a) { // what an ICE restart has made obsolete goes
			known[a] = struct{}{}
		}
	}
	known[remote] = struct{}{}
	t.known.Store(&known)
}

func (t *transport) handleTimeout(now time.Time) {
	t.gatherer.HandleTimeout(now)
	t.agent.HandleTimeout(now)
	if s := t.media.Load(); s != nil {
		if due := s.NextTimeout(); !due.IsZero() && !due.After(now) {
			s.HandleTimeout(now)
		}
	}
}

// settle does what the cores ask for and returns their earliest deadline.
func (t *transport) settle(now time.Time) time.Time {
	quiet := t.watchSilence(now)
	for busy := true; busy; {
		busy = false
		for e, ok := t.gatherer.Poll(); ok; e, ok = t.gatherer.Poll() {
			t.gathered(now, e)
			busy = true
		}
		for e, ok := t.agent.Poll(); ok; e, ok = t.agent.Poll() {
			t.agentEvent(now, e)
			busy = true
		}
	}
	next := earlier(earlier(t.agent.NextTimeout(), t.gatherer.NextTimeout()), quiet)
	if s := t.media.Load(); s != nil {
		next = earlier(next, s.NextTimeout())
	}
	return next
}

// transmit sends a packet of the agent's or the gatherer's.
func (t *transport) transmit(e ice.Transmit) error {
	s := t.sockets[e.Base]
	if s == nil {
		return net.ErrClosed
	}
	p := path{conn: s.conn, to: e.To}
	err := p.send([][]byte{e.Data})
	if err != nil {
		t.log.Debug("send failed", "to", e.To, "reason", err)
	}
	return err
}

// detach stops the transport's part on the loop; close does the rest.
func (t *transport) detach(now time.Time) {
	t.agent.Close(now)
	t.setICEState(ICETransportStateClosed)
	t.setDTLSState(DTLSTransportStateClosed)
}

// close ends the DTLS association while the path still works, then releases
// the sockets, whose goroutines end with them. It runs off the loop.
func (t *transport) close() {
	t.closeMedia(time.Now())
	if err := t.dtls.Load().Close(); err != nil {
		t.log.Debug("dtls close", "reason", err)
	}
	t.path.Store(nil)
	t.gatherer.Close()
}
