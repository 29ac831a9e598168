// Package peer is one side of a connection that webrtc.Negotiate keeps negotiated
// over a signal channel; it tells a diagram what happens.
package peer

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strings"
	"sync"

	"github.com/parleyrtc/webrtc"
	"github.com/parleyrtc/webrtc/ice"

	"github.com/parleyrtc/webrtc/examples/internal/diagram"
	"github.com/parleyrtc/webrtc/examples/internal/observe"
)

// Config is what a peer needs.
type Config struct {
	// Party is the peer's column of the diagram, diagram.PeerA or PeerB.
	Party diagram.Party
	// Polite says who gives way if both offer at once: one of the two must.
	Polite webrtc.Politeness
	// Signal is the way to the other peer.
	Signal webrtc.SignalChannel
	// ICEServers are asked for reflexive addresses.
	ICEServers []webrtc.ICEServer
	// RelayOnly sends everything by way of a TURN server among them.
	RelayOnly bool
	// LoopbackOnly keeps every packet on this machine.
	LoopbackOnly bool
	// MediaEngine has the codecs of the connection; nil means the default ones.
	MediaEngine *webrtc.MediaEngine
	// Log takes the events; nil drops them.
	Log *diagram.Log
	// BothWays tells the checks and DTLS records that are received, too, for a
	// peer whose other side has no log.
	BothWays bool
	// OnSocket, unless nil, learns the address of each socket that is opened.
	OnSocket func(netip.AddrPort)
	// OnConnection, unless nil, is called when the connection's state has changed.
	OnConnection func(webrtc.PeerConnectionState)
	// OnDescriptions, unless nil, is called when a description may have changed.
	OnDescriptions func(*webrtc.PeerConnection)
}

// A Peer is a connection with its signaling.
type Peer struct {
	*webrtc.PeerConnection
	config Config
	ctx    context.Context // ends with Close
	cancel context.CancelCauseFunc

	transports sync.Once     // sets the handlers of the transports
	completed  chan struct{} // closed when ICE is
	once       sync.Once     // closes it

	mu      sync.Mutex // guards all below
	checks  map[pairKey]int
	media   map[mediaKey]bool       // what of media has been drawn
	formats map[formatKey]string    // codecs by payload type
	servers map[netip.AddrPort]bool // those that were asked
}

// pairKey is a path in one direction, for one sort of message.
type pairKey struct {
	local, remote netip.AddrPort
	sent          bool
	description   string
}

// New makes a peer, which does nothing until Run and something to negotiate.
func New(config Config) (*Peer, error) {
	p := &Peer{
		config:    config,
		completed: make(chan struct{}),
		checks:    map[pairKey]int{},
		media:     map[mediaKey]bool{},
		formats:   map[formatKey]string{},
		servers:   map[netip.AddrPort]bool{},
	}
	p.ctx, p.cancel = context.WithCancelCause(context.Background())
	configuration := webrtc.Configuration{ICEServers: config.ICEServers}
	if config.RelayOnly {
		configuration.ICETransportPolicy = webrtc.ICETransportPolicyRelay
	}
	pc, err := p.api().NewPeerConnection(configuration)
	if err != nil {
		return nil, err
	}
	p.PeerConnection = pc
	pc.OnSignalingStateChange(p.signalingState)
	pc.OnICEGatheringStateChange(func(s webrtc.ICEGatheringState) {
		p.note(diagram.KindState, fmt.Sprintf("gathering: %s", s))
	})
	pc.OnConnectionStateChange(func(s webrtc.PeerConnectionState) {
		p.note(diagram.KindState, fmt.Sprintf("connection: %s", s))
		if p.config.OnConnection != nil {
			p.config.OnConnection(s)
		}
		if s == webrtc.PeerConnectionStateFailed {
			p.fail(errors.New("the connection failed"))
		}
	})
	pc.OnICECandidateError(func(e webrtc.ICECandidateErrorEvent) {
		p.note(diagram.KindSTUN, fmt.Sprintf("%s: %d %s", e.URL, e.ErrorCode, e.ErrorText))
	})
	return p, nil
}

// api makes the settings: which interfaces are used, and who looks on.
func (p *Peer) api() *webrtc.API {
	var settings webrtc.SettingEngine
	settings.SetIncludeLoopbackCandidate(true)
	if p.config.LoopbackOnly {
		settings.SetIPFilter(net.IP.IsLoopback)
		settings.SetNetworkTypes([]webrtc.NetworkType{webrtc.NetworkTypeUDP4})
		settings.SetICEMulticastDNSMode(ice.MulticastDNSModeDisabled)
	}
	network := ice.SystemNetwork()
	if p.config.OnSocket != nil {
		network = announced{network, p.config.OnSocket}
	}
	if p.config.Log != nil {
		network = observe.Network(network, p.packet)
	}
	settings.SetNetwork(network)
	options := []func(*webrtc.API){webrtc.WithSettingEngine(settings)}
	if p.config.MediaEngine != nil {
		options = append(options, webrtc.WithMediaEngine(p.config.MediaEngine))
	}
	return webrtc.NewAPI(options...)
}

// announced is a network that tells which sockets are opened.
type announced struct {
	ice.Network
	onSocket func(netip.AddrPort)
}

// ListenUDP opens a socket and tells its address.
func (n announced) ListenUDP(local netip.AddrPort) (ice.PacketConn, error) {
	conn, err := n.Network.ListenUDP(local)
	if err == nil {
		n.onSocket(conn.LocalAddr())
	}
	return conn, err
}

// Run keeps the connection negotiated with the other peer until the context or the
// signal channel ends, Close is called, or something fails. The error is nil in the
// second case.
func (p *Peer) Run(ctx context.Context) error {
	stop := context.AfterFunc(ctx, func() { p.cancel(ctx.Err()) })
	defer stop()
	err := webrtc.Negotiate(p.ctx, p.PeerConnection, drawn{p}, p.config.Polite)
	if p.ctx.Err() != nil {
		return context.Cause(p.ctx)
	}
	if err != nil {
		return fmt.Errorf("%s: %w", p.config.Party, err)
	}
	return nil
}

// Close ends the connection and Run.
func (p *Peer) Close() error {
	p.cancel(net.ErrClosed)
	return p.PeerConnection.Close()
}

// fail ends Run with an error.
func (p *Peer) fail(err error) {
	if err != nil && !errors.Is(err, net.ErrClosed) {
		p.cancel(fmt.Errorf("%s: %w", p.config.Party, err))
	}
}

// Completed returns a channel that is closed when ICE has nominated a pair and
// checks no more, which is usually a little later than the connection works.
func (p *Peer) Completed() <-chan struct{} { return p.completed }

// CandidateText describes a candidate in a few words.
func CandidateText(init webrtc.ICECandidateInit) string {
	if init.Candidate == "" || init.Candidate == "candidate:" {
		return "end of candidates"
	}
	c, err := webrtc.ParseICECandidate(init)
	if err != nil || c.Address == "" {
		return "a candidate that cannot be read"
	}
	text := "candidate " + hostPort(c.Address, c.Port)
	if c.Typ != webrtc.ICECandidateTypeHost {
		text = c.Typ.String() + " " + text
	}
	return text
}

// hostPort shortens the random names that hide addresses.
func hostPort(host string, port uint16) string {
	if name, ok := strings.CutSuffix(host, ".local"); ok && len(name) > 8 {
		host = name[:8] + "….local"
	}
	return net.JoinHostPort(host, fmt.Sprint(port))
}

func (p *Peer) other() diagram.Party { return diagram.PeerA + diagram.PeerB - p.config.Party }

func (p *Peer) note(kind diagram.Kind, text string) { p.config.Log.Note(p.config.Party, kind, text) }

func (p *Peer) changed() {
	if p.config.OnDescriptions != nil {
		p.config.OnDescriptions(p.PeerConnection)
	}
}
