package webrtc

import (
	"context"
	"fmt"
	"io"
	"sync/atomic"
	"time"

	"github.com/parleyrtc/webrtc/datachannel"
	"github.com/parleyrtc/webrtc/internal/sctptransport"
	"github.com/parleyrtc/webrtc/signaling"
)

// errPeerClosed is what channels fail with when the peer closes the connection
// without closing them first.
var errPeerClosed = fmt.Errorf("the peer has closed the connection: %w", io.EOF)

// maxChannels is how many streams an association has (RFC 8831 §6.2).
const maxChannels = 65535

// An SCTPTransport carries a connection's data channels (webrtc-pc §6.1).
// PeerConnection.SCTP returns it once one of the peers has offered it.
type SCTPTransport struct {
	dtls           atomic.Pointer[DTLSTransport]
	pc             *PeerConnection
	state          atomic.Int32
	negotiated     atomic.Bool                               // maxMessageSize is known
	maxMessageSize atomic.Uint64                             // the peer's; 0 for any size
	init           []byte                                    // of the local descriptions
	association    atomic.Pointer[sctptransport.Association] // nil before it is up

	onState handler[func(SCTPTransportState)]
	onClose handler[func(error)]
	onError handler[func(error)]
}

// Transport returns the DTLS transport below.
func (t *SCTPTransport) Transport() *DTLSTransport { return t.dtls.Load() }

// State returns the state of the association (webrtc-pc §6.1.2).
func (t *SCTPTransport) State() SCTPTransportState { return SCTPTransportState(t.state.Load()) }

// MaxMessageSize returns the size in bytes of the largest message that Send
// takes: the smaller of what the peer accepts (RFC 8841 §6) and what this
// endpoint can send; 0 before an answer.
func (t *SCTPTransport) MaxMessageSize() uint64 {
	if !t.negotiated.Load() {
		return 0
	}
	return sendLimit(t.maxMessageSize.Load())
}

// MaxChannels returns how many data channels can be open at once, 0 before
// State is connected.
func (t *SCTPTransport) MaxChannels() uint16 {
	if t.State() != SCTPTransportStateConnected {
		return 0
	}
	return maxChannels
}

// GetCapabilities returns what this endpoint accepts.
func (t *SCTPTransport) GetCapabilities() SCTPCapabilities {
	return SCTPCapabilities{MaxMessageSize: t.pc.api.settings.sctpMaxMessageSize()}
}

// GetSctpInit returns the INIT chunk (RFC 9260 §3.3.2) that local descriptions have
// for this endpoint's end of the association, see SettingEngine.EnableSctpSnap; nil
// if they have none. It must not be changed.
func (t *SCTPTransport) GetSctpInit() []byte { return t.init }

// OnStateChange sets the handler for changes of State.
func (t *SCTPTransport) OnStateChange(f func(SCTPTransportState)) { t.onState.set(f) }

// OnClose sets the handler for the end of the association; the error is nil
// when the peer ended it in order.
func (t *SCTPTransport) OnClose(f func(error)) { t.onClose.set(f) }

// OnError sets the handler for a failure of the association, an RTCError of
// pkg/rtcerr.
func (t *SCTPTransport) OnError(f func(error)) { t.onError.set(f) }

// An association is the control side of the SCTP association: what the loop
// knows of it.
type association struct {
	plan    *signaling.StartData // nil until negotiated
	started bool
	cancel  context.CancelFunc
}

func (pc *PeerConnection) newSCTPTransport() *SCTPTransport {
	t := &SCTPTransport{pc: pc, init: pc.localInit()}
	t.state.Store(int32(SCTPTransportStateConnecting))
	return t
}

// offerData follows what the descriptions set last offer. The steps of webrtc-pc
// §4.4.1.5 have an RTCSctpTransport, connecting, from the offer on that begins an
// association, and none again after its rollback.
func (pc *PeerConnection) offerData() {
	if pc.assoc.plan != nil {
		return
	}
	id, offered := pc.machine.DataTransport()
	if !offered {
		pc.dropEarly()
		pc.dirty = pc.dirty || pc.sctp != nil
		pc.sctp = nil
		return
	}
	if pc.sctp == nil {
		pc.sctp, pc.dirty = pc.newSCTPTransport(), true
	}
	pc.sctp.dtls.Store(pc.earlyTransport(id).publicDTLS)
}

// earlyTransport returns the transport of the given id. One that only an offer of the
// peer's asks for is not in use before the answer, and waits for it.
func (pc *PeerConnection) earlyTransport(id signaling.TransportID) *transport {
	for _, t := range pc.transports {
		if t.id == id {
			return t
		}
	}
	if pc.early == nil || pc.early.id != id {
		pc.dropEarly()
		pc.early = pc.pooled(id)
	}
	return pc.early
}

// dropEarly gives up the transport that waits for an answer, if there is one.
func (pc *PeerConnection) dropEarly() {
	if t := pc.early; t != nil {
		pc.early = nil
		t.setICEState(ICETransportStateClosed)
		t.setDTLSState(DTLSTransportStateClosed)
		pc.tasks.Go(t.close)
	}
}

// startData begins the association that an answer has agreed on (webrtc-pc
// §4.4.1.5); it comes up as soon as DTLS does.
func (pc *PeerConnection) startData(e signaling.StartData) {
	pc.assoc.plan = &e
	t := pc.transport(e.Transport)
	if pc.sctp == nil {
		pc.sctp = pc.newSCTPTransport()
	}
	pc.sctp.dtls.Store(t.publicDTLS)
	pc.sctp.maxMessageSize.Store(e.RemoteMaxMessageSize)
	pc.sctp.negotiated.Store(true)
	pc.dirty = true
	if t.dtlsReady != nil {
		pc.session.SetRole(t.dtlsReady.Client) // channels get their ids now
	}
	pc.startAssociation()
}

// localInit returns the INIT chunk of this endpoint, which all of its descriptions
// have in common (draft-hancke-tsvwg-snap-00 §5.6), nil if they are to have none.
func (pc *PeerConnection) localInit() []byte {
	if pc.api.settings.sctpWithoutSnap {
		return nil
	}
	if pc.sctpInit == nil {
		chunk, err := sctptransport.NewInit(pc.api.settings.sctpConfig())
		if err != nil {
			pc.log.Warn("no sctp init chunk", "reason", err) // the handshake is left
		}
		pc.sctpInit = chunk
	}
	return pc.sctpInit
}

// updateData follows a change of the peer's message size.
func (pc *PeerConnection) updateData(e signaling.UpdateData) {
	if pc.assoc.plan == nil {
		return
	}
	pc.sctp.maxMessageSize.Store(e.RemoteMaxMessageSize)
	pc.session.SetRemoteMaxMessageSize(e.RemoteMaxMessageSize)
}

// stopData ends the association, because an exchange of descriptions has
// rejected the data section or a rollback has undone the one that began it.
func (pc *PeerConnection) stopData() {
	pc.associationLost(nil)
	pc.assoc = association{}
	pc.sctp = nil
	pc.formerChannels += uint32(pc.session.Stats().Opened)
	pc.session = datachannel.NewSession(pc.sessionConfig()) // for the next one
	pc.dirty = true
}

// startAssociation brings the association up once it has been negotiated and
// DTLS is connected.
func (pc *PeerConnection) startAssociation() {
	plan := pc.assoc.plan
	if plan == nil || pc.assoc.started {
		return
	}
	t := pc.transport(plan.Transport)
	if t.dtlsState != DTLSTransportStateConnected {
		return
	}
	pc.assoc.started = true
	ctx, cancel := context.WithCancel(context.Background())
	pc.assoc.cancel = cancel
	config := pc.api.settings.sctpConfig()
	config.LocalInit, config.RemoteInit = plan.LocalInit, plan.RemoteInit
	config.Conn = t.dtls.Load().Conn()
	config.Logger = pc.log
	sctp := pc.sctp
	pc.tasks.Go(func() {
		a, err := sctptransport.Dial(ctx, config)
		if !pc.loop.post(func(now time.Time) { pc.associationUp(sctp, a, err) }) && a != nil {
			a.Close()
		}
	})
}

// associationUp is webrtc-pc §6.1.1: the transport becomes connected, then the
// channels that wait for it open.
func (pc *PeerConnection) associationUp(sctp *SCTPTransport, a *sctptransport.Association, err error) {
	if err != nil {
		if pc.sctp == sctp {
			pc.associationLost(err)
		}
		return
	}
	if pc.sctp != sctp || pc.isClosed.Load() || sctp.State() == SCTPTransportStateClosed {
		pc.tasks.Go(func() { a.Close() })
		return
	}
	sctp.association.Store(a)
	pc.sctpStateChanged(SCTPTransportStateConnected)
	announced := make(chan struct{})
	pc.announced.Store(&announced)
	pc.fire(func() { close(announced) })
	err = pc.session.Start(datachannel.SCTP(a), pc.transport(pc.assoc.plan.Transport).dtlsReady.Client, sctp.maxMessageSize.Load(), maxChannels)
	if err != nil {
		pc.associationLost(err)
	}
}

const announcementLimit = 50 * time.Millisecond

// awaitAnnouncement waits, before a channel's open event, for the handlers of
// what made it open: the states of the transports come first (webrtc-pc
// §6.1.1). A handler that blocks does not hold channels up for longer than
// announcementLimit.
func (pc *PeerConnection) awaitAnnouncement() {
	if announced := pc.announced.Load(); announced != nil {
		awaitHandler(*announced)
	}
}

// awaitHandler waits for a handler to return, but for no longer than announcementLimit.
func awaitHandler(returned <-chan struct{}) {
	select {
	case <-returned:
		return
	default:
	}
	limit := time.NewTimer(announcementLimit)
	defer limit.Stop()
	select {
	case <-returned:
	case <-limit.C:
	}
}

// associationLost ends the association, if there is one, and closes every
// channel abruptly (webrtc-pc §6.2.4).
func (pc *PeerConnection) associationLost(cause error) {
	if pc.assoc.plan == nil || pc.isClosed.Load() || pc.sctp.State() == SCTPTransportStateClosed {
		return
	}
	sctp := pc.sctp
	if cause != nil {
		pc.fire(func() {
			if f := sctp.onError.get(); f != nil {
				f(cause)
			}
		})
	}
	pc.sctpStateChanged(SCTPTransportStateClosed)
	pc.fire(func() {
		if f := sctp.onClose.get(); f != nil {
			f(cause)
		}
	})
	if pc.assoc.cancel != nil {
		pc.assoc.cancel()
	}
	session := pc.session
	if cause == nil {
		cause = errPeerClosed
	}
	pc.tasks.Go(func() { session.Close(cause) })
}

// sessionEnded hears from the session's goroutine that the association is gone.
func (pc *PeerConnection) sessionEnded(err error) {
	pc.loop.post(func(time.Time) { pc.associationLost(err) })
}

func (pc *PeerConnection) sctpStateChanged(s SCTPTransportState) {
	sctp := pc.sctp
	sctp.state.Store(int32(s))
	pc.fire(func() {
		if f := sctp.onState.get(); f != nil {
			f(s)
		}
	})
}
