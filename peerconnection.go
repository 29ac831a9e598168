package webrtc

import (
	"crypto/rand"
	"encoding/binary"
	"encoding/hex"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/parleyrtc/webrtc/datachannel"
	"github.com/parleyrtc/webrtc/internal/dtlstransport"
	"github.com/parleyrtc/webrtc/sdp"
	"github.com/parleyrtc/webrtc/signaling"
)

// A PeerConnection is a connection between this program and a remote peer
// (webrtc-pc §4.4). Make one with NewPeerConnection, exchange descriptions and
// candidates with the peer over any channel the program has, and Close it
// when done.
//
// Its methods may be called from any goroutine and from any handler. Handlers
// run one at a time, in the order in which the specification fires the events;
// those of OnDataChannel get a goroutine each. The events that a call causes
// are delivered before the call returns, unless a handler is running just
// then: they follow it. That negotiation is needed is told after the call
// (OnNegotiationNeeded).
type PeerConnection struct {
	id       string
	api      *API
	log      *slog.Logger
	loop     *loop
	events   dispatcher
	handlers handlers
	running  running // handlers beside the dispatcher's
	closing  atomic.Bool
	closed   chan struct{}  // closed when Close has finished
	tasks    sync.WaitGroup // goroutines that Close waits for

	// view is what the getters read. moment stands in for it in the handler of a
	// change of state, so that the handler reads the states and descriptions of the
	// moment that it announces even if the connection has moved on; the
	// specification's event loop gives the same guarantee.
	view   atomic.Pointer[view]
	moment atomic.Pointer[moment]

	// announced is closed once the handlers of an association's coming up have
	// run; nil before there is one.
	announced atomic.Pointer[chan struct{}]

	// engine is this connection's copy of the API's codecs and header extensions.
	engine *MediaEngine
	// cname is the canonical name of all that is sent (RFC 3550 §6.5.1, RFC 7022).
	cname string
	// defaultStream is the stream of tracks that the peer has put into none.
	defaultStream string
	identity      identities
	interceptors  *interceptors
	// mediaTransports are the transports that have an RTP session; the list is
	// never changed, but replaced.
	mediaTransports atomic.Pointer[[]*transport]

	// isClosed is [[IsClosed]] of the specification.
	isClosed atomic.Bool
	// negotiates: Negotiate is at work, and passes candidates on that come late.
	negotiates atomic.Bool
	// dataWanted says that the description needs a data section, because a
	// channel was created or the configuration asks for it.
	dataWanted atomic.Bool

	// All below belongs to the loop.
	config         Configuration
	dtls           dtlstransport.Config
	certified      []sdp.Fingerprint // of the certificate, nil before they are asked for
	sctpInit       []byte            // the INIT chunk of descriptions, nil before one is written
	machine        *signaling.Machine
	transports     []*transport
	pool           []*transport      // that gather ahead
	early          *transport        // of the data section of an offer of the peer's, or nil
	transceivers   []*RTPTransceiver // shared with views: replaced, not changed
	chores         chores
	session        *datachannel.Session
	formerChannels uint32 // channels that opened in sessions before
	sctp           *SCTPTransport
	assoc          association
	iceState       ICEConnectionState
	gatheringState ICEGatheringState
	state          PeerConnectionState
	negotiation    negotiationNeed
	packAt         time.Time // when the machine is packed; zero for never
	described      bool      // SetLocalDescription has succeeded once
	dirty          bool      // the view is out of date
	// descriptionTasks counts the calls that made or set a description.
	descriptionTasks uint64
	awaitGathering   []chan struct{} // GatheringCompletePromise
}

// A view is an immutable picture of a connection's public state.
type view struct {
	signaling         SignalingState
	ice               ICEConnectionState
	gathering         ICEGatheringState
	state             PeerConnectionState
	descriptions      signaling.Slots
	negotiationNeeded bool
	trickle           ICETrickleCapability
	sctp              *SCTPTransport
	transceivers      []*RTPTransceiver
	config            Configuration
}

// A moment is what getters return in the handler of a change of state. To all
// others they return the present: a program that has just set a description reads
// that one, and not the one before, though a handler may be late.
type moment struct {
	view      *view
	goroutine uint64 // that the handler runs on
}

// handlers are the event handlers that a program has set.
type handlers struct {
	signalingState    handler[func(SignalingState)]
	iceState          handler[func(ICEConnectionState)]
	gatheringState    handler[func(ICEGatheringState)]
	state             handler[func(PeerConnectionState)]
	candidate         handler[func(*ICECandidate)]
	candidateError    handler[func(ICECandidateErrorEvent)]
	negotiationNeeded handler[func()]
	dataChannel       handler[func(*DataChannel)]
	track             handler[func(*TrackRemote, *RTPReceiver)]
	trackEvent        handler[func(TrackEvent)]
}

// NewPeerConnection makes a connection with the default API. The errors are
// those of API.NewPeerConnection.
func NewPeerConnection(configuration Configuration) (*PeerConnection, error) {
	return defaultAPI().NewPeerConnection(configuration)
}

// NewPeerConnection makes a connection in state new (webrtc-pc §4.4.1.1). It
// starts no network activity; SetLocalDescription does. Without a certificate
// in the configuration one is generated.
//
// It returns a SyntaxError, NotSupportedError or InvalidAccessError from
// pkg/rtcerr for an ICE server that cannot be used, and an InvalidAccessError
// for an expired certificate.
func (api *API) NewPeerConnection(configuration Configuration) (*PeerConnection, error) {
	config := configuration.clone().withDefaults()
	if err := config.validate(time.Now()); err != nil {
		return nil, err
	}
	if err := api.settings.provesIdentity(config.PeerIdentity); err != nil {
		return nil, err
	}
	if len(config.Certificates) == 0 {
		certificate, err := newDefaultCertificate()
		if err != nil {
			return nil, err
		}
		config.Certificates = []Certificate{*certificate}
	}
	sessionID, id := newIDs()
	pc := &PeerConnection{
		id:     id,
		api:    api,
		log:    api.settings.logger().With("pc", id),
		loop:   newLoop(),
		closed: make(chan struct{}),
		config: config,
		machine: signaling.New(signaling.Config{
			SessionID:   sessionID,
			AnswerSetup: api.settings.answerSetup(),
			Lite:        api.settings.lite, Renomination: api.settings.renomination.enabled,
			Bundle:      config.bundlePolicy(),
			SharedPorts: api.settings.gather.UDPMux != nil || api.settings.gather.TCPMux != nil,
		}),
		iceState:       ICEConnectionStateNew,
		gatheringState: ICEGatheringStateNew,
		state:          PeerConnectionStateNew,
		dirty:          true,
	}
	var err error
	if pc.dtls, err = pc.dtlsConfig(); err != nil {
		return nil, err
	}
	pc.engine, pc.cname, pc.defaultStream = api.media(), randomID(), randomID()
	pc.mediaTransports.Store(&[]*transport{})
	if pc.interceptors, err = newInterceptors(pc, api.interceptors); err != nil {
		return nil, err
	}
	pc.dataWanted.Store(config.AlwaysNegotiateDataChannels)
	pc.session = datachannel.NewSession(pc.sessionConfig())
	pc.loop.handlePacket = pc.handlePacket
	pc.loop.handleTimeout = pc.handleTimeout
	pc.loop.settle = pc.settle
	pc.publish()
	pc.tasks.Go(pc.loop.run)
	if config.poolSize() > 0 {
		_ = pc.do(func(now time.Time) { pc.fillPool(now, false) })
	}
	return pc, nil
}

// newIDs returns a session id for descriptions, which RFC 9429 §5.2.1 wants
// random and below 2^62, and a name for logs and statistics.
func newIDs() (uint64, string) {
	var b [16]byte
	rand.Read(b[:]) // never fails
	return binary.BigEndian.Uint64(b[:8]) >> 2, "pc-" + hex.EncodeToString(b[8:12])
}

// ID returns a name for the connection that is unique in this process, as
// logs and statistics use it.
func (pc *PeerConnection) ID() string { return pc.id }

// do runs fn on the loop as an API call: it waits for the effects, then
// delivers the events that they caused.
func (pc *PeerConnection) do(fn func(now time.Time)) error {
	pc.events.enter()
	var mark uint64
	var chores chores
	err := pc.loop.call(func(now time.Time) {
		fn(now)
		chores = pc.chores.take()
		pc.settle(now)
		mark = pc.events.mark()
	})
	// What the caller reads after its own change is the changed state, in a
	// handler too.
	if m := pc.currentMoment(); m != nil {
		pc.moment.CompareAndSwap(m, nil)
	}
	pc.finish(chores)
	pc.events.leave(mark)
	return err
}

// fire queues an event for the dispatcher. The loop calls it, once the state
// that the event announces is set.
func (pc *PeerConnection) fire(event func()) {
	pc.publish()
	pc.events.enqueue(event)
}

// announce is fire for a change of state to what its handler is given: in the
// handler, getters return the states and descriptions of this moment.
func announce[S any](pc *PeerConnection, h *handler[func(S)], state S) {
	pc.publish()
	announceView(pc, pc.view.Load(), h, state)
}

func announceView[S any](pc *PeerConnection, v *view, h *handler[func(S)], state S) {
	pc.events.enqueue(func() {
		f := h.get()
		if f == nil {
			return
		}
		m := &moment{view: v, goroutine: goroutineID()}
		pc.moment.Store(m)
		defer pc.moment.CompareAndSwap(m, nil)
		f(state)
	})
}

// publish brings the view up to date.
func (pc *PeerConnection) publish() {
	if !pc.dirty {
		return
	}
	pc.dirty = false
	pc.view.Store(&view{
		signaling:         signalingStateFrom(pc.machine.State()),
		ice:               pc.iceState,
		gathering:         pc.gatheringState,
		state:             pc.state,
		descriptions:      pc.machine.Slots(),
		negotiationNeeded: pc.negotiation.needed,
		trickle:           trickleFrom(pc.machine.CanTrickle()),
		sctp:              pc.sctp,
		transceivers:      pc.transceivers,
		config:            pc.config,
	})
}

// settle polls every core for what it wants done, publishes the outcome and
// returns the earliest deadline. The loop calls it after each round.
func (pc *PeerConnection) settle(now time.Time) time.Time {
	next := pc.packDeadline(now)
	for _, t := range pc.transports {
		next = earlier(next, t.settle(now))
	}
	for _, t := range pc.pool {
		next = earlier(next, t.settle(now))
	}
	next = earlier(next, pc.negotiation.task)
	pc.publish()
	pc.events.kick()
	return next
}

func (pc *PeerConnection) handlePacket(now time.Time, p *packet) {
	p.transport.handlePacket(now, p)
}

func (pc *PeerConnection) handleTimeout(now time.Time) {
	pc.pack(now)
	pc.runNegotiationTask(now)
	for _, t := range pc.transports {
		t.handleTimeout(now)
	}
	for _, t := range pc.pool {
		t.handleTimeout(now)
	}
}

// earlier returns the earlier of two deadlines; a zero one stands for never.
func earlier(a, b time.Time) time.Time {
	if a.IsZero() || !b.IsZero() && b.Before(a) {
		return b
	}
	return a
}

// read returns the state that a getter reports.
func (pc *PeerConnection) read() *view {
	if m := pc.currentMoment(); m != nil {
		return m.view
	}
	return pc.view.Load()
}

// currentMoment returns the moment whose handler the caller is, or nil.
func (pc *PeerConnection) currentMoment() *moment {
	if m := pc.moment.Load(); m != nil && m.goroutine == goroutineID() {
		return m
	}
	return nil
}

// SignalingState returns where the exchange of descriptions stands
// (webrtc-pc §4.3.1).
func (pc *PeerConnection) SignalingState() SignalingState { return pc.read().signaling }

// ICEGatheringState returns whether candidates are being gathered
// (webrtc-pc §4.3.2).
func (pc *PeerConnection) ICEGatheringState() ICEGatheringState { return pc.read().gathering }

// ICEConnectionState returns the state of all ICE transports taken together
// (webrtc-pc §4.3.4).
func (pc *PeerConnection) ICEConnectionState() ICEConnectionState { return pc.read().ice }

// ConnectionState returns the state of all ICE and DTLS transports taken
// together (webrtc-pc §4.3.3).
func (pc *PeerConnection) ConnectionState() PeerConnectionState { return pc.read().state }

// CurrentLocalDescription returns the local description that was negotiated
// last, with the candidates gathered for it, or nil before any was.
func (pc *PeerConnection) CurrentLocalDescription() *SessionDescription {
	return descriptionFrom(pc.read().descriptions.CurrentLocal())
}

// PendingLocalDescription returns the local description that is being
// negotiated, with the candidates gathered for it, or nil.
func (pc *PeerConnection) PendingLocalDescription() *SessionDescription {
	return descriptionFrom(pc.read().descriptions.PendingLocal())
}

// LocalDescription returns the pending local description if there is one, else
// the current one, else nil.
func (pc *PeerConnection) LocalDescription() *SessionDescription {
	slots := pc.read().descriptions
	if pending := slots.PendingLocal(); pending != nil {
		return descriptionFrom(pending)
	}
	return descriptionFrom(slots.CurrentLocal())
}

// CurrentRemoteDescription returns the remote description that was negotiated
// last, with the candidates that AddICECandidate supplied, or nil.
func (pc *PeerConnection) CurrentRemoteDescription() *SessionDescription {
	return descriptionFrom(pc.read().descriptions.CurrentRemote())
}

// PendingRemoteDescription returns the remote description that is being
// negotiated, with the candidates that AddICECandidate supplied, or nil.
func (pc *PeerConnection) PendingRemoteDescription() *SessionDescription {
	return descriptionFrom(pc.read().descriptions.PendingRemote())
}

// RemoteDescription returns the pending remote description if there is one,
// else the current one, else nil.
func (pc *PeerConnection) RemoteDescription() *SessionDescription {
	slots := pc.read().descriptions
	if pending := slots.PendingRemote(); pending != nil {
		return descriptionFrom(pending)
	}
	return descriptionFrom(slots.CurrentRemote())
}

// CanTrickleICECandidates tells whether the peer takes candidates after its
// description (webrtc-pc §4.4.1.4): unknown before a remote description.
func (pc *PeerConnection) CanTrickleICECandidates() ICETrickleCapability {
	return pc.read().trickle
}

// SCTP returns the transport of the data channels, or nil before a description
// with a section for them has been set.
func (pc *PeerConnection) SCTP() *SCTPTransport { return pc.read().sctp }

// GetConfiguration returns a copy of the configuration in force.
func (pc *PeerConnection) GetConfiguration() Configuration { return pc.view.Load().config.clone() }

// SetConfiguration replaces the configuration (webrtc-pc §4.4.2). ICE servers
// and the transport policy apply to candidates gathered from then on, after an
// ICE restart for instance.
//
// It returns an InvalidModificationError if certificates, identity or a bundle
// or RTCP policy would change, or the candidate pool after SetLocalDescription,
// the errors of NewPeerConnection for bad servers, and an InvalidStateError
// after Close. Nothing is changed then.
func (pc *PeerConnection) SetConfiguration(configuration Configuration) error {
	config := configuration.clone()
	var err error
	closed := pc.do(func(now time.Time) {
		if err = checkSetConfiguration(pc.config, config, pc.described, now); err != nil {
			return
		}
		pc.config = config.inherit(pc.config)
		pc.dirty = true
		for _, t := range pc.transports {
			t.gatherer.SetServers(pc.gatherServers())
		}
		pc.fillPool(now, true)
	})
	if closed != nil {
		return errClosed("SetConfiguration")
	}
	return err
}

// OnSignalingStateChange sets the handler for changes of the signaling state.
// As with the other changes of state, the getters of states and descriptions
// return, when it calls them, those of the moment that it announces, unless a call
// of its own has changed them since.
func (pc *PeerConnection) OnSignalingStateChange(f func(SignalingState)) {
	pc.handlers.signalingState.set(f)
}

// OnICEConnectionStateChange sets the handler for changes of the state that
// ICEConnectionState returns.
func (pc *PeerConnection) OnICEConnectionStateChange(f func(ICEConnectionState)) {
	pc.handlers.iceState.set(f)
}

// OnICEGatheringStateChange sets the handler for changes of the state that
// ICEGatheringState returns.
func (pc *PeerConnection) OnICEGatheringStateChange(f func(ICEGatheringState)) {
	pc.handlers.gatheringState.set(f)
}

// OnConnectionStateChange sets the handler for changes of the state that
// ConnectionState returns. Close does not fire it (webrtc-pc §4.4.2): the
// program that calls Close knows.
func (pc *PeerConnection) OnConnectionStateChange(f func(PeerConnectionState)) {
	pc.handlers.state.set(f)
}

// OnICECandidate sets the handler for local candidates, which the program
// sends to the peer as it likes (ICECandidate.ToJSON). A candidate whose
// ToJSON has an empty Candidate ends a generation and is for the peer too; nil
// says that gathering is complete and is for the program alone
// (webrtc-pc §4.8.1.1). Candidates of networks that turn up after nil are announced
// only after SettingEngine.SetContinualGathering(true).
func (pc *PeerConnection) OnICECandidate(f func(*ICECandidate)) { pc.handlers.candidate.set(f) }

// OnICECandidateError sets the handler for failures of gathering, such as a
// STUN server that does not answer (webrtc-pc §4.8.2).
func (pc *PeerConnection) OnICECandidateError(f func(ICECandidateErrorEvent)) {
	pc.handlers.candidateError.set(f)
}

// OnDataChannel sets the handler for data channels that the peer opened. Each
// call of it has a goroutine of its own, started in the order in which the
// channels were opened. Messages wait until a handler or reader for them is
// set.
func (pc *PeerConnection) OnDataChannel(f func(*DataChannel)) { pc.handlers.dataChannel.set(f) }
