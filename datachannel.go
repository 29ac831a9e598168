package webrtc

import (
	"context"
	"fmt"
	"math"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"github.com/parleyrtc/webrtc/datachannel"
	"github.com/parleyrtc/webrtc/internal/rtcerr"
)

// A DataChannel carries messages both ways between two peers (webrtc-pc §6.2).
// CreateDataChannel makes one, the handler of OnDataChannel receives those
// that the peer makes.
//
// Handlers of one channel run one at a time; those of different channels do
// not wait for each other. A message waits until OnMessage, OnMessagePush or a
// reader takes it; the queue is bounded, and once a handler is there a full
// queue slows the peer down instead of losing anything. Set OnOpen and
// OnMessage before anything slow.
type DataChannel struct {
	pc      *PeerConnection
	channel *datachannel.Channel

	gone chan struct{} // closed when the handler of OnClose has returned
	// handled is closed when the handler of OnDataChannel has returned, and nil for a
	// channel of ours.
	handled chan struct{}

	// late is the state that ReadyState still returns though the channel is past it,
	// or unknown (see lag). left says that Close was called.
	late atomic.Int32
	left atomic.Bool

	mu     sync.Mutex // guards all below
	events datachannel.Events
	// missed says that the channel opened when no OnOpen handler was set.
	missed                  bool
	onOpen, onDial, onClose func()
}

// CreateDataChannel makes a channel (webrtc-pc §6.1). The first one of a
// connection needs an exchange of descriptions; later ones open by themselves.
// A nil options asks for an ordered and reliable channel that the peer learns
// of by its OnDataChannel handler.
//
// It returns a TypeError for a label or protocol of more than 65535 bytes, for
// two limits at once, and for a negotiated channel without ID or with 65535;
// an OperationError for an ID in use and when no ID is left; an
// InvalidStateError after Close. The reasons are ErrStringSizeLimit,
// ErrProtocolTooLarge, ErrRetransmitsOrPacketLifeTime, ErrNegotiatedWithoutID,
// ErrMaxDataChannelID and ErrConnectionClosed.
func (pc *PeerConnection) CreateDataChannel(label string, options *DataChannelInit) (*DataChannel, error) {
	params := datachannel.Params{Label: label, Ordered: true}
	if o := options; o != nil {
		if o.Ordered != nil {
			params.Ordered = *o.Ordered
		}
		if o.Protocol != nil {
			params.Protocol = *o.Protocol
		}
		if o.Negotiated != nil {
			params.Negotiated = *o.Negotiated
		}
		params.MaxPacketLifeTime, params.MaxRetransmits, params.ID = o.MaxPacketLifeTime, o.MaxRetransmits, o.ID
	}
	var d *DataChannel
	var err error
	closed := pc.do(func(time.Time) {
		var channel *datachannel.Channel
		if channel, err = pc.session.Open(params); err != nil {
			return
		}
		d = pc.newDataChannel(channel)
		if channel.State() == datachannel.Open {
			d.lag(DataChannelStateConnecting)
		}
		pc.dataWanted.Store(true)
		pc.updateNegotiationNeeded()
	})
	if closed != nil {
		return nil, errClosed("CreateDataChannel")
	}
	return d, err
}

func (pc *PeerConnection) sessionConfig() datachannel.SessionConfig {
	return datachannel.SessionConfig{
		Logger:         pc.log,
		OnChannel:      pc.remoteChannel,
		OnEnd:          pc.sessionEnded,
		MaxMessageSize: pc.api.settings.sctpMaxMessageSize(),
	}
}

func (pc *PeerConnection) newDataChannel(channel *datachannel.Channel) *DataChannel {
	d := &DataChannel{pc: pc, channel: channel, gone: make(chan struct{})}
	d.events.OnOpen, d.events.OnClose = d.opened, d.closed
	return d
}

// lagLimit is for how long ReadyState lags behind if no handler is waited for.
const lagLimit = time.Millisecond

// lag has ReadyState return the state before the one that a call has just brought
// about. The specification queues a task for the change (webrtc-pc §6.2, announcing a
// channel as open and as closed), so that who calls CreateDataChannel or Close finds
// connecting and closing in any case, and the new state in the handler of its event.
func (d *DataChannel) lag(s DataChannelState) {
	d.late.Store(int32(s))
	time.AfterFunc(lagLimit, func() { d.late.CompareAndSwap(int32(s), 0) })
}

// remoteChannel announces a channel that the peer opened (webrtc-pc §6.1.4).
// The handler runs on a goroutine of its own, since programs read in it; the
// channel's events wait for it to return or to set a handler, and its open event for it
// to return, as far as that is not too long.
func (pc *PeerConnection) remoteChannel(channel *datachannel.Channel) {
	d := pc.newDataChannel(channel)
	d.handled = make(chan struct{})
	started := make(chan struct{})
	pc.loop.post(func(time.Time) {
		pc.fire(func() {
			f := pc.handlers.dataChannel.get()
			if f == nil {
				close(d.handled)
				d.listen()
				return
			}
			pc.running.enter()
			go func() {
				defer pc.running.leave()
				close(started)
				func() {
					defer close(d.handled)
					f(d)
				}()
				d.listen()
			}()
			<-started // so that handlers start in order
		})
	})
}

// listen lets the channel's events flow to the handlers set so far.
func (d *DataChannel) listen() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.channel.SetEvents(d.events)
}

// set changes the handlers and lets events flow.
func (d *DataChannel) set(change func(*datachannel.Events)) {
	d.mu.Lock()
	defer d.mu.Unlock()
	change(&d.events)
	d.channel.SetEvents(d.events)
}

// opened runs when the channel opens.
func (d *DataChannel) opened() {
	d.late.CompareAndSwap(int32(DataChannelStateConnecting), 0)
	if d.handled != nil {
		awaitHandler(d.handled)
	}
	// webrtc-pc §6.2, announcing a data channel as open: "If channel.[[ReadyState]] is
	// "closing" or "closed", abort these steps", as after a Close in the handler of
	// OnDataChannel. That the peer closes it meanwhile is told after it.
	if d.left.Load() {
		return
	}
	d.mu.Lock()
	dial, open := d.onDial, d.onOpen
	d.missed = open == nil
	d.mu.Unlock()
	if dial == nil && open == nil {
		return
	}
	d.pc.awaitAnnouncement()
	d.pc.running.call(dial)
	d.pc.running.call(open)
}

// closed runs when the channel has closed.
func (d *DataChannel) closed() {
	defer close(d.gone)
	d.late.Store(0)
	d.mu.Lock()
	f := d.onClose
	d.mu.Unlock()
	d.pc.running.call(f)
}

// OnOpen sets the handler that runs when the channel can be sent on. If it is
// open already and no handler was told, f runs on a goroutine of its own.
func (d *DataChannel) OnOpen(f func()) {
	d.mu.Lock()
	late := d.missed && f != nil && d.ReadyState() == DataChannelStateOpen
	d.missed = d.missed && !late
	d.onOpen = f
	d.channel.SetEvents(d.events)
	d.mu.Unlock()
	if late {
		d.pc.running.enter()
		go func() {
			defer d.pc.running.leave()
			f()
		}()
	}
}

// OnDial sets the handler that runs when the channel's association is there,
// just before OnOpen's.
func (d *DataChannel) OnDial(f func()) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.onDial = f
}

// OnMessage sets the handler for messages. Data is the handler's to keep. A
// handler that blocks slows the peer down once the channel's queue is full.
func (d *DataChannel) OnMessage(f func(msg DataChannelMessage)) {
	d.set(func(e *datachannel.Events) {
		e.OnMessage = nil
		if f != nil {
			e.OnMessage = d.receives(f)
		}
	})
}

// counted is f, counted while it runs; nil stays nil.
func (d *DataChannel) counted(f func()) func() {
	if f == nil {
		return nil
	}
	return func() { d.pc.running.call(f) }
}

// receives makes a handler of the core's out of a program's.
func (d *DataChannel) receives(f func(DataChannelMessage)) func([]byte, bool) {
	return func(data []byte, isString bool) {
		d.pc.running.enter()
		defer d.pc.running.leave()
		f(DataChannelMessage{Data: data, IsString: isString})
	}
}

// OnMessagePush sets a handler that is called in place of OnMessage's and only
// borrows the message: it must not block, and Data is valid only until it
// returns.
func (d *DataChannel) OnMessagePush(f func(msg DataChannelMessage)) {
	d.set(func(e *datachannel.Events) {
		e.OnMessagePush = nil
		if f != nil {
			e.OnMessagePush = d.receives(f)
		}
	})
}

// OnBufferedAmountLow sets the handler that runs when BufferedAmount falls from
// above the threshold to the threshold or below it.
func (d *DataChannel) OnBufferedAmountLow(f func()) {
	d.set(func(e *datachannel.Events) { e.OnBufferedAmountLow = d.counted(f) })
}

// OnClosing sets the handler that runs when the peer begins to close the
// channel.
func (d *DataChannel) OnClosing(f func()) {
	d.set(func(e *datachannel.Events) { e.OnClosing = d.counted(f) })
}

// OnClose sets the handler that runs when the channel has closed. The Close of
// its connection does not run it; the peer's does.
func (d *DataChannel) OnClose(f func()) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.onClose = f
	d.channel.SetEvents(d.events)
}

// OnError sets the handler that runs, before OnClose's, when the channel fails.
// The error is an RTCError of pkg/rtcerr.
func (d *DataChannel) OnError(f func(err error)) {
	d.set(func(e *datachannel.Events) {
		e.OnError = nil
		if f != nil {
			e.OnError = func(err error) { d.pc.running.call(func() { f(err) }) }
		}
	})
}

// Label returns the name that the channel was created with.
func (d *DataChannel) Label() string { return d.channel.Label() }

// Protocol returns the subprotocol that the channel was created with.
func (d *DataChannel) Protocol() string { return d.channel.Protocol() }

// Ordered tells whether messages arrive in the order in which they were sent.
func (d *DataChannel) Ordered() bool { return d.channel.Ordered() }

// MaxPacketLifeTime returns for how many milliseconds a message is sent and
// sent again, or nil without a limit.
func (d *DataChannel) MaxPacketLifeTime() *uint16 { return d.channel.MaxPacketLifeTime() }

// MaxRetransmits returns how often a message is sent again, or nil without a
// limit.
func (d *DataChannel) MaxRetransmits() *uint16 { return d.channel.MaxRetransmits() }

// Negotiated tells whether both programs made the channel.
func (d *DataChannel) Negotiated() bool { return d.channel.Negotiated() }

// ID returns the channel's stream, or nil before the association has given it
// one.
func (d *DataChannel) ID() *uint16 {
	id, ok := d.channel.ID()
	if !ok {
		return nil
	}
	return &id
}

// Transport returns the connection's SCTP transport, or nil before it has one.
func (d *DataChannel) Transport() *SCTPTransport { return d.pc.SCTP() }

// ReadyState returns where the channel is in its life (webrtc-pc §6.2).
func (d *DataChannel) ReadyState() DataChannelState {
	if late := DataChannelState(d.late.Load()); late != 0 && !d.pc.isClosed.Load() {
		return late
	}
	return dataChannelState(d.channel.State())
}

// Send queues a binary message and returns at once; BufferedAmount tells how
// much is queued. The data is copied. An empty message is a message.
//
// It returns an InvalidStateError that matches ErrDataChannelNotOpen unless the
// channel is open, and a TypeError for a message longer than
// SCTPTransport.MaxMessageSize.
func (d *DataChannel) Send(data []byte) error { return d.channel.Send(data, false) }

// SendText is Send for a text message, which should be UTF-8.
func (d *DataChannel) SendText(s string) error { return d.channel.Send([]byte(s), true) }

// SendContext is Send which first waits until BufferedAmount is at or below
// BufferedAmountLowThreshold, or 256 KiB while that is 0, so that a program sends
// at the pace of the network. It returns ctx's error if that ends first; the
// message is not sent then.
func (d *DataChannel) SendContext(ctx context.Context, data []byte) error {
	return d.channel.SendContext(ctx, data, false)
}

// SendTextContext is SendContext for a text message.
func (d *DataChannel) SendTextContext(ctx context.Context, s string) error {
	return d.channel.SendContext(ctx, []byte(s), true)
}

// BufferedAmount returns how many bytes of messages have been queued by Send
// and not yet been given to the network (webrtc-pc §6.2).
func (d *DataChannel) BufferedAmount() uint64 { return d.channel.BufferedAmount() }

// BufferedAmountLowThreshold returns the level at which OnBufferedAmountLow's
// handler runs; 0 by default.
func (d *DataChannel) BufferedAmountLowThreshold() uint64 {
	return d.channel.BufferedAmountLowThreshold()
}

// SetBufferedAmountLowThreshold sets that level in bytes.
func (d *DataChannel) SetBufferedAmountLowThreshold(th uint64) {
	d.channel.SetBufferedAmountLowThreshold(th)
}

// Close closes the channel (webrtc-pc §6.2.4): what is queued is still sent,
// then both sides close. It returns at once, and nil always.
func (d *DataChannel) Close() error {
	before := d.ReadyState()
	d.left.Store(true)
	err := d.channel.Close()
	// "Set channel.[[ReadyState]] to "closing""; one without an association is closed
	// by now.
	if before == DataChannelStateConnecting && d.channel.State() == datachannel.Closed {
		d.lag(DataChannelStateClosing)
	}
	return err
}

// GracefulClose is Close which waits until the channel has closed and its
// handlers have returned. It must not be called from one of them.
func (d *DataChannel) GracefulClose() error {
	d.listen()
	err := d.Close()
	select {
	case <-d.gone:
	case <-d.pc.closed:
	}
	return err
}

// Detach gives the program the channel to read and write as it would a
// connection; OnMessage's handler is not called any more. It returns an
// InvalidStateError unless the channel is open, which matches net.ErrClosed if
// it has closed.
func (d *DataChannel) Detach() (datachannel.ReadWriteCloser, error) { return d.detach() }

// DetachWithDeadline is Detach with deadlines.
func (d *DataChannel) DetachWithDeadline() (datachannel.ReadWriteCloserDeadliner, error) {
	return d.detach()
}

func (d *DataChannel) detach() (datachannel.ReadWriteCloserDeadliner, error) {
	switch s := dataChannelState(d.channel.State()); s {
	case DataChannelStateOpen:
	case DataChannelStateClosed:
		return nil, &rtcerr.InvalidStateError{Err: rtcerr.Because(ErrDataChannelNotOpen, fmt.Errorf("the channel is closed, it has to be open to be detached: %w", net.ErrClosed))}
	default:
		return nil, &rtcerr.InvalidStateError{Err: rtcerr.Because(ErrDataChannelNotOpen, fmt.Errorf("the channel is %s, it has to be open to be detached", s))}
	}
	d.channel.Detach()
	return d.channel, nil
}

// Receive waits for the next message: a way to read without a handler. Data is
// the caller's. It returns io.EOF once the channel has closed, and ctx's error
// if that ends first.
func (d *DataChannel) Receive(ctx context.Context) (DataChannelMessage, error) {
	data, isString, err := d.channel.Receive(ctx)
	return DataChannelMessage{Data: data, IsString: isString}, err
}

// sendLimit returns how large a message can be towards a peer that accepts
// remote bytes, where 0 stands for any size.
func sendLimit(remote uint64) uint64 {
	if remote == 0 {
		return math.MaxUint32
	}
	return min(remote, math.MaxUint32)
}
