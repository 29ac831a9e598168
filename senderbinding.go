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
	media    *signaling.Media
	session  *transceiver.Session
	stream   *transceiver.SendStream
	writer   *trackWriter
	info     *interceptor.StreamInfo // for the interceptors, nil without any
	active   bool
}

// unsyncedSenders are senders whose plan has changed since their bindings were
// last brought in line.
type unsyncedSenders struct {
	mu      sync.Mutex // guards senders
	senders []*RTPSender
}

func (u *unsyncedSenders) add(s *RTPSender) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if !slices.Contains(u.senders, s) {
		u.senders = append(u.senders, s)
	}
}

func (u *unsyncedSenders) take() []*RTPSender {
	u.mu.Lock()
	defer u.mu.Unlock()
	senders := u.senders
	u.senders = nil
	return senders
}

// syncSenders binds and unbinds tracks as the loop has planned. Bind and Unbind
// may be the program's own, so that the calls that cause them run them, never the
// loop.
func (pc *PeerConnection) syncSenders() {
	for _, s := range pc.unsynced.take() {
		if err := s.sync(); err != nil {
			pc.log.Warn("a track cannot be sent", "reason", err)
		}
	}
}

// sync brings the bindings in line with the plan and returns what Bind had to
// object.
func (s *RTPSender) sync() error {
	s.binding.Lock()
	defer s.binding.Unlock()
	plan := s.plan.Load()
	now := time.Now()
	var failures []error
	for i, e := range plan.encodings {
		if err := e.sync(s, plan, i, now); err != nil {
			failures = append(failures, err)
		}
		if plan.ended {
			e.rtcp.close(errTrackEnded)
		}
	}
	return errors.Join(failures...)
}

// bindError brings the bindings in line and returns what speaks against the
// tracks that are to be sent.
func (s *RTPSender) bindError() error {
	if err := s.sync(); err != nil {
		return err
	}
	// Another call may have tried and failed meanwhile.
	s.binding.Lock()
	defer s.binding.Unlock()
	plan := s.plan.Load()
	for i, e := range plan.encodings {
		if plan.wants(i) && (e.bound == nil || e.bound.track != plan.tracks[i]) {
			return ErrUnsupportedCodec
		}
	}
	return nil
}

// wants says whether the stream is to be bound: its track, a path and an
// agreement with the peer are there. A stream on hold stays bound.
func (p *senderPlan) wants(i int) bool {
	return !p.ended && p.tracks[i] != nil && p.media != nil && p.transport != nil &&
		len(p.media.SendCodecs) > 0 && (p.sending || p.encodings[i].bound != nil)
}

// accepted says whether the answer has kept the stream, and whether the peer
// wants it sent now.
func (p *senderPlan) accepted(e *senderEncoding) (kept, active bool) {
	for _, n := range p.media.SendEncodings {
		if n.RID == e.rid {
			return true, n.Active
		}
	}
	// A peer that takes one stream does not say which; the first is.
	return len(p.media.SendEncodings) <= 1 && e == p.encodings[0], true
}

func (e *senderEncoding) sync(s *RTPSender, plan *senderPlan, i int, now time.Time) error {
	if !plan.wants(i) {
		e.unbind(now)
		return nil
	}
	kept, active := plan.accepted(e)
	if !kept {
		e.unbind(now)
		return nil
	}
	active = active && plan.sending && plan.parameters[i].Active
	session := plan.transport.media.Load()
	b := e.bound
	if b != nil && b.session == session && b.track == plan.tracks[i] && sameCodecs(b.media.SendCodecs, plan.media.SendCodecs) {
		if b.media != plan.media || b.active != active {
			if active && !b.active {
				b.stream.Rebase() // what was written on hold is no loss
			}
			b.media, b.active = plan.media, active
			b.stream.Configure(b.config())
		}
		return nil
	}
	next := &trackBinding{
		sender: s, encoding: e, track: plan.tracks[i], id: randomID(), media: plan.media, session: session, active: active,
	}
	var old *trackBinding
	if b != nil && b.session == session {
		old, next.stream = b, b.stream
		next.stream.Configure(next.config())
	} else {
		e.unbind(now)
		next.stream = session.NewSendStream(next.config(), e.events(s))
	}
	return e.rebind(old, next, now)
}

// rebind puts next in the place of old, which may be nil. The tracks do not write
// at the same time, so that the streams do not mix.
func (e *senderEncoding) rebind(old, next *trackBinding, now time.Time) error {
	next.writer = next.newWriter()
	parameters, err := next.track.Bind(next)
	if err == nil && !slices.ContainsFunc(next.media.SendCodecs, func(c codec.Codec) bool { return c.PayloadType == uint8(parameters.PayloadType) }) {
		_ = next.track.Unbind(next)
		err = ErrUnsupportedCodec
	}
	if err != nil {
		if old == nil {
			next.stream.Close(now)
		} else if old.media != next.media && !sameCodecs(old.media.SendCodecs, next.media.SendCodecs) {
			e.unbind(now) // what the old track writes is not agreed any more
		}
		return fmt.Errorf("track %q: %w", next.track.ID(), err)
	}
	if old != nil {
		old.end()
		next.stream.Rebase()
	}
	next.open(parameters)
	e.bound = next
	e.stream.Store(next.stream)
	return nil
}

func (e *senderEncoding) unbind(now time.Time) {
	if e.bound == nil {
		return
	}
	e.bound.end()
	e.stream.Store(nil)
	e.bound.stream.Close(now)
	e.bound = nil
}

func (b *trackBinding) end() {
	b.writer.gate.Store(false)
	if err := b.track.Unbind(b); err != nil {
		b.sender.pc.log.Debug("a track does not unbind", "track", b.track.ID(), "reason", err)
	}
	if b.info != nil {
		b.sender.pc.interceptors.chain.UnbindLocalStream(b.info)
	}
}

// events are what the stream reports, from the goroutine that reads the socket.
func (e *senderEncoding) events(s *RTPSender) transceiver.SendEvents {
	events := transceiver.SendEvents{
		OnKeyFrameRequest: func() {
			s.pc.loop.post(func(time.Time) {
				s.pc.fire(func() {
					if f := s.onKeyFrameRequest.get(); f != nil {
						f(e.rid)
					}
				})
			})
		},
		OnBitrate: func(bitsPerSecond uint64) {
			s.pc.loop.post(func(time.Time) {
				s.pc.fire(func() {
					if f := s.onBitrate.get(); f != nil {
						f(bitsPerSecond)
					}
				})
			})
		},
		OnRTCP: e.rtcp.push,
	}
	if s.dtmf != nil {
		events.OnToneChange = s.dtmf.toneChanged
	}
	return events
}

// config is what negotiation says of the stream.
func (b *trackBinding) config() transceiver.SendConfig {
	rtx := b.encoding.rtx
	if !slices.ContainsFunc(b.media.SendCodecs, codec.Codec.IsRTX) {
		rtx = 0
	}
	rid := b.encoding.rid
	if len(b.media.SendEncodings) <= 1 && len(b.sender.plan.Load().encodings) == 1 {
		rid = ""
	}
	return transceiver.SendConfig{
		Mid:        b.media.Mid,
		RID:        rid,
		SSRC:       b.encoding.ssrc,
		RTXSSRC:    rtx,
		Kind:       codec.Kind(b.sender.kind),
		Codecs:     b.media.SendCodecs,
		Extensions: sessionExtensions(b.media.SendExtensions),
		AllowMixed: b.media.AllowMixed,
		Active:     b.active,
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
	return codecParameters(b.media.SendCodecs)
}

// HeaderExtensions returns the header extensions that packets may have.
func (b *trackBinding) HeaderExtensions() []RTPHeaderExtensionParameter {
	return extensionParameters(b.media.SendExtensions)
}

// SSRC returns the SSRC of the stream.
func (b *trackBinding) SSRC() SSRC { return SSRC(b.encoding.ssrc) }

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

// newWriter makes what the track writes to; packets are dropped until open.
func (b *trackBinding) newWriter() *trackWriter { return &trackWriter{stream: b.stream} }

// open lets the track's packets through, by way of the program's interceptors if
// there are any.
func (b *trackBinding) open(p RTPCodecParameters) {
	b.info = b.sender.pc.interceptors.bindLocal(b, p)
	b.writer.gate.Store(true)
}

// A trackWriter takes a track's packets to a stream of the session.
type trackWriter struct {
	stream *transceiver.SendStream
	// chain are the program's interceptors, nil without any; set before gate.
	chain interceptor.RTPWriter
	// gate is open while the track is bound.
	gate atomic.Bool
}

// WriteRTP sends a packet; both are copied or used up when it returns. Packets of
// a stream that is on hold, or whose transport is not connected, are dropped.
func (w *trackWriter) WriteRTP(header *rtp.Header, payload []byte) (int, error) {
	if !w.gate.Load() {
		return 0, nil
	}
	if w.chain != nil {
		return w.chain.Write(header, payload, nil)
	}
	return w.stream.WriteRTP(time.Now(), header, payload)
}

// writeShared is WriteRTP for a payload that several senders share, at the time
// now.
func (w *trackWriter) writeShared(now time.Time, header *rtp.Header, payload *transceiver.Payload) error {
	if !w.gate.Load() {
		return nil
	}
	if w.chain != nil {
		_, err := w.chain.Write(header, payload.Bytes(), nil)
		return err
	}
	return w.stream.WriteShared(now, header, payload)
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
type streamWriter struct{ stream *transceiver.SendStream }

func (w *streamWriter) Write(header *rtp.Header, payload []byte, _ interceptor.Attributes) (int, error) {
	return w.stream.WriteRTP(time.Now(), header, payload)
}
