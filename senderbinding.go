package webrtc

import (
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/pion/interceptor"
	"github.com/pion/rtp"

	"github.com/parleyrtc/webrtc/internal/codec"
	"github.com/parleyrtc/webrtc/signaling"
	"github.com/parleyrtc/webrtc/transceiver"
)

// A trackBinding is a track bound to one stream of a sender: what TrackLocal.Bind
// is given. It ends when the track is unbound.
type trackBinding struct {
	sender   *RTPSender
	encoding *senderEncoding
	track    TrackLocal
	id       string
	// terms change when descriptions do, while the program may ask for them.
	terms  atomic.Pointer[bindingTerms]
	writer *trackWriter
	info   *interceptor.StreamInfo // for the interceptors, nil without any
}

// bindingTerms are what was agreed on for a stream.
type bindingTerms struct {
	media *signaling.Media
	// stream is what is sent: its RID as the peer knows it, "" if it does not by
	// name, and the SSRCs of our description, which a program may have changed.
	stream signaling.Encoding
	// chosen is the codec that the program wants the stream to have, or nil.
	chosen *RTPCodecCapability
}

// chores are what a call leaves to be done on its own goroutine, since it runs code
// of the program's: never on the loop.
type chores struct {
	senders []*RTPSender   // whose tracks are to be bound or unbound
	tracks  []*TrackRemote // which have ended for the interceptors
}

func (c *chores) take() chores {
	taken := *c
	*c = chores{}
	return taken
}

// finish does what the loop has left to a call.
func (pc *PeerConnection) finish(c chores) {
	for _, s := range c.senders {
		if err := s.sync(false); err != nil {
			pc.log.Warn("a track cannot be sent", "reason", err)
		}
	}
	for _, t := range c.tracks {
		t.unbind()
	}
}

// A senderSync sees to it that one goroutine at a time brings the bindings of a
// sender in line with its plan. No lock is held while it does, because Bind and
// Unbind may block, and may call methods of the connection.
type senderSync struct {
	mu      sync.Mutex // guards what follows
	running bool
	again   bool          // the plan has changed meanwhile
	ended   chan struct{} // closed when the one that runs has ended
	outcome error         // of the last one
}

// sync brings the bindings in line with the plan and returns what Bind had to
// object. If another goroutine is about it, that one does so; the error is then
// nil, unless wait has sync return when it is done.
func (s *RTPSender) sync(wait bool) error {
	y := &s.syncs
	y.mu.Lock()
	if y.running {
		y.again = true
		ended := y.ended
		y.mu.Unlock()
		if !wait {
			return nil
		}
		<-ended
		y.mu.Lock()
		defer y.mu.Unlock()
		return y.outcome
	}
	y.running, y.ended = true, make(chan struct{})
	for again := true; again; again = y.again {
		y.again = false
		y.mu.Unlock()
		err := s.bringAbout(s.plan.Load())
		y.mu.Lock()
		y.outcome = err
	}
	y.running = false
	close(y.ended)
	defer y.mu.Unlock()
	return y.outcome
}

func (s *RTPSender) bringAbout(plan *senderPlan) error {
	now := time.Now()
	var failures []error
	for _, e := range s.brought {
		if !slices.Contains(plan.encodings, e) { // negotiated away
			e.unbind(now)
			e.close(now)
		}
	}
	s.brought = plan.encodings
	for i, e := range plan.encodings {
		if err := e.sync(s, plan, i, now); err != nil {
			failures = append(failures, err)
		}
	}
	return errors.Join(failures...)
}

// wants says whether the stream is to be bound: its track, a path and an
// agreement with the peer are there. A stream on hold stays bound.
func (p *senderPlan) wants(i int) bool {
	return !p.ended && p.tracks[i] != nil && p.media != nil && p.transport != nil &&
		len(p.media.SendCodecs) > 0 && (p.sending || p.encodings[i].bound != nil)
}

// accepted returns the stream as it is agreed on, active if the peer wants it sent
// now, and whether the answer has kept it.
func (p *senderPlan) accepted(e *senderEncoding) (n signaling.Encoding, kept bool) {
	i := slices.IndexFunc(p.media.SendEncodings, func(n signaling.Encoding) bool { return n.RID == e.rid })
	switch {
	case i >= 0:
		n = p.media.SendEncodings[i]
	case len(p.media.SendEncodings) > 1 || e != p.encodings[0]:
		return n, false
	case len(p.media.SendEncodings) == 1:
		// A peer that takes one stream does not say which; the first is.
		n = p.media.SendEncodings[0]
		n.RID, n.Active = "", true
	default:
		n.Active = true
	}
	if n.SSRC == 0 {
		n.SSRC, n.RTX = e.ssrc, e.rtx
	}
	return n, true
}

// The methods below belong to the goroutine that syncs the sender.

func (e *senderEncoding) sync(s *RTPSender, plan *senderPlan, i int, now time.Time) error {
	if plan.ended {
		e.unbind(now)
		e.close(now)
		return nil
	}
	if !plan.wants(i) {
		e.unbind(now)
		return nil
	}
	stream, kept := plan.accepted(e)
	if !kept {
		e.unbind(now)
		return nil
	}
	if session := plan.transport.media.Load(); e.session != session {
		e.unbind(now) // the section has moved to another transport
		e.close(now)
		e.session = session
	}
	next := &trackBinding{sender: s, encoding: e, track: plan.tracks[i], id: randomID()}
	stream.Active = stream.Active && plan.sending && plan.parameters[i].Active
	next.terms.Store(&bindingTerms{media: plan.media, stream: stream, chosen: plan.parameters[i].Codec})
	if b := e.bound; b != nil && b.track == next.track && b.suits(next) {
		b.follow(next)
		return nil
	}
	return e.rebind(next, now)
}

// suits says whether what the track was told at Bind holds under the terms of next.
func (b *trackBinding) suits(next *trackBinding) bool {
	was, is := b.terms.Load(), next.terms.Load()
	return sameCodecs(was.codecs(), is.codecs()) && slices.Equal(was.media.SendExtensions, is.media.SendExtensions)
}

// follow takes over what has changed for a track that stays bound.
func (b *trackBinding) follow(next *trackBinding) {
	was, is := b.terms.Load(), next.terms.Load()
	if *was == *is {
		return
	}
	if is.stream.Active && !was.stream.Active {
		b.encoding.core.Rebase() // what was written on hold is no loss
	}
	b.terms.Store(is)
	b.encoding.core.Configure(b.config())
}

// rebind puts next in the place of the present binding, if there is one. The tracks
// do not write at the same time, so that their packets do not mix.
func (e *senderEncoding) rebind(next *trackBinding, now time.Time) error {
	old := e.bound
	next.writer = &trackWriter{}
	parameters, err := next.track.Bind(next)
	if err == nil && !slices.ContainsFunc(next.terms.Load().codecs(), func(c codec.Codec) bool { return c.PayloadType == uint8(parameters.PayloadType) }) {
		_ = next.track.Unbind(next)
		err = ErrUnsupportedCodec
	}
	if err != nil {
		switch {
		case old == nil:
		case old.suits(next):
			old.follow(next)
		default:
			e.unbind(now) // what the old track writes is not agreed any more
		}
		return fmt.Errorf("track %q: %w", next.track.ID(), err)
	}
	if e.core == nil {
		e.core = e.session.NewSendStream(next.config(), e.events(next.sender))
		e.known.Store(e.core)
	} else {
		e.core.Configure(next.config())
	}
	if old != nil {
		old.leaveInterceptors()
	}
	next.open(parameters)
	e.bound = next
	e.stream.Store(e.core)
	if old != nil {
		old.end()
	}
	return nil
}

// unbind ends the binding. The stream stays, for the next track to go on with.
func (e *senderEncoding) unbind(now time.Time) {
	if e.bound == nil {
		return
	}
	e.stream.Store(nil)
	e.core.Pause(now)
	e.bound.leaveInterceptors()
	e.bound.end()
	e.bound = nil
}

// close ends the stream.
func (e *senderEncoding) close(now time.Time) {
	if e.core != nil {
		e.core.Close(now)
	}
	e.core, e.session = nil, nil
	e.known.Store(nil)
}

func (b *trackBinding) end() {
	b.writer.to.Store(nil)
	if err := b.track.Unbind(b); err != nil {
		b.sender.pc.log.Debug("a track does not unbind", "track", b.track.ID(), "reason", err)
	}
}

func (b *trackBinding) leaveInterceptors() {
	if b.info != nil {
		b.sender.pc.interceptors.unbindLocal(b.info)
		b.info = nil
	}
}

// events are what the stream reports, from the goroutine that reads the socket.
func (e *senderEncoding) events(s *RTPSender) transceiver.SendEvents {
	events := transceiver.SendEvents{
		OnKeyFrameRequest: func() {
			s.tell(&e.keyFrame, func() {
				if f := s.onKeyFrameRequest.get(); f != nil {
					f(e.rid)
				}
			})
		},
		OnBitrate: func(bitsPerSecond uint64) {
			s.bitrate.Store(bitsPerSecond)
			s.tell(&s.telling, func() {
				if f := s.onBitrate.get(); f != nil {
					f(s.bitrate.Load())
				}
			})
		},
		OnRTCP: e.rtcp.push,
	}
	if s.dtmf != nil {
		events.OnToneChange = s.dtmf.toneChanged
	}
	return events
}

// tell has an event handled unless it waits for that already, as pending says: a
// peer may cause any number while a handler runs.
func (s *RTPSender) tell(pending *atomic.Bool, handle func()) {
	if pending.Swap(true) {
		return
	}
	s.pc.loop.post(func(time.Time) {
		s.pc.fire(func() {
			pending.Store(false)
			handle()
		})
	})
}

// config is what negotiation says of the stream.
func (b *trackBinding) config() transceiver.SendConfig {
	t := b.terms.Load()
	rtx, codecs := t.stream.RTX, t.codecs()
	if !slices.ContainsFunc(codecs, codec.Codec.IsRTX) {
		rtx = 0
	}
	return transceiver.SendConfig{
		Mid:        t.media.Mid,
		RID:        t.stream.RID,
		SSRC:       t.stream.SSRC,
		RTXSSRC:    rtx,
		Kind:       codec.Kind(b.sender.kind),
		Codecs:     codecs,
		Extensions: sessionExtensions(t.media.SendExtensions),
		AllowMixed: t.media.AllowMixed,
		Active:     t.stream.Active,
	}
}

func sessionExtensions(in []signaling.HeaderExtension) []transceiver.HeaderExtension {
	out := make([]transceiver.HeaderExtension, len(in))
	for i, e := range in {
		out[i] = transceiver.HeaderExtension{ID: e.ID, URI: e.URI}
	}
	return out
}

// sameCodecs says whether a track that was bound to one list can go on with the
// other.
func sameCodecs(a, b []codec.Codec) bool {
	return slices.EqualFunc(a, b, func(x, y codec.Codec) bool {
		return x.PayloadType == y.PayloadType && x.MimeType == y.MimeType && x.Fmtp == y.Fmtp
	})
}

// The methods of TrackLocalContext.

// CodecParameters returns the codecs that the peer takes, preferred first.
func (b *trackBinding) CodecParameters() []RTPCodecParameters {
	return codecParameters(b.terms.Load().codecs())
}

// HeaderExtensions returns the header extensions that packets may have.
func (b *trackBinding) HeaderExtensions() []RTPHeaderExtensionParameter {
	return extensionParameters(b.terms.Load().media.SendExtensions)
}

// SSRC returns the SSRC of the stream.
func (b *trackBinding) SSRC() SSRC { return SSRC(b.terms.Load().stream.SSRC) }

// SSRCRetransmission returns the SSRC of what is sent again (RFC 4588), 0 if the
// peer does not take it.
func (b *trackBinding) SSRCRetransmission() SSRC { return SSRC(b.config().RTXSSRC) }

// SSRCForwardErrorCorrection returns 0: nothing is protected so.
func (b *trackBinding) SSRCForwardErrorCorrection() SSRC { return 0 }

// WriteStream returns where the track writes its packets.
func (b *trackBinding) WriteStream() TrackLocalWriter { return b.writer }

// ID returns the identity of the binding.
func (b *trackBinding) ID() string { return b.id }

// RTCPReader returns a reader of the RTCP about the stream.
func (b *trackBinding) RTCPReader() interceptor.RTCPReader {
	return interceptor.RTCPReaderFunc(func(in []byte, _ interceptor.Attributes) (int, interceptor.Attributes, error) {
		return b.encoding.rtcp.readThrough(b.sender.pc.interceptors, in)
	})
}

// open lets the track's packets through, by way of the program's interceptors if
// there are any.
func (b *trackBinding) open(p RTPCodecParameters) {
	end := b.encoding.core.NewWriter()
	way := &packetWay{end: end}
	b.info, way.chain = b.sender.pc.interceptors.bindLocal(b, p, end)
	b.writer.to.Store(way)
}

// A trackWriter takes a track's packets to a stream of the session.
type trackWriter struct {
	// to is nil before the track is bound, and after.
	to atomic.Pointer[packetWay]
}

// A packetWay is where a track's packets go.
type packetWay struct {
	end *transceiver.Writer
	// chain are the program's interceptors, which lead there; nil without any.
	chain interceptor.RTPWriter
}

// WriteRTP sends a packet; both are copied or used up when it returns. Packets of
// a stream that is on hold, or whose transport is not connected, are dropped, and so
// are those that come twice or too late.
func (w *trackWriter) WriteRTP(header *rtp.Header, payload []byte) (int, error) {
	to := w.to.Load()
	switch {
	case to == nil:
		return 0, nil
	case to.chain != nil:
		return to.chain.Write(header, payload, nil)
	default:
		n, err := to.end.WriteRTP(time.Now(), header, payload)
		return n, sendError(err)
	}
}

// writeBurst is WriteRTP for the packets of a frame, with payloads that several
// senders share, at the time now. The program's interceptors get them one by one.
func (w *trackWriter) writeBurst(now time.Time, headers []rtp.Header, payloads []*transceiver.Payload) error {
	to := w.to.Load()
	switch {
	case to == nil:
		return nil
	case to.chain == nil:
		return to.end.WriteBurst(now, headers, payloads)
	}
	var first error
	for i := range headers {
		if _, err := to.chain.Write(&headers[i], payloads[i].Bytes(), nil); err != nil && first == nil {
			first = err
		}
	}
	return first
}

// sendError leaves out that a packet comes twice, or behind those that are known.
// What forwards a stream has such packets, as networks repeat and reorder, and
// another peer that has joined late has not seen the one before: they are no use to
// this one and no reason to give up.
func sendError(err error) error {
	if errors.Is(err, transceiver.ErrAlreadySent) || errors.Is(err, transceiver.ErrTooOld) {
		return nil
	}
	return err
}

// Write is WriteRTP for a marshalled packet.
func (w *trackWriter) Write(b []byte) (int, error) {
	var p rtp.Packet
	if err := p.Unmarshal(b); err != nil {
		return 0, err
	}
	return w.WriteRTP(&p.Header, p.Payload)
}

// A streamWriter is the end of the chain of interceptors.
type streamWriter struct{ end *transceiver.Writer }

func (w *streamWriter) Write(header *rtp.Header, payload []byte, _ interceptor.Attributes) (int, error) {
	n, err := w.end.WriteRTP(time.Now(), header, payload)
	return n, sendError(err)
}
