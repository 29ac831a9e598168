package webrtc

import (
	"encoding/binary"
	"errors"
	"io"
	"sync/atomic"
	"time"

	"github.com/pion/interceptor"
	"github.com/pion/rtcp"

	"github.com/parleyrtc/webrtc/internal/codec"
	"github.com/parleyrtc/webrtc/transceiver"
)

// interceptors are those of the program's interceptor.Registry, built for one
// connection. NACK, RTX, reports and feedback need none.
type interceptors struct {
	pc    *PeerConnection
	chain interceptor.Interceptor // nil without a registry
	rtcp  interceptor.RTCPWriter  // what WriteRTCP writes to
	// closed says that the chain was closed; a Bind of a track may outlast that.
	closed atomic.Bool
}

// newInterceptors builds the chain of a registry, which may be nil.
func newInterceptors(pc *PeerConnection, registry *interceptor.Registry) (*interceptors, error) {
	in := &interceptors{pc: pc}
	base := interceptor.RTCPWriterFunc(func(packets []rtcp.Packet, _ interceptor.Attributes) (int, error) {
		return pc.sendRTCP(packets)
	})
	in.rtcp = base
	if registry == nil {
		return in, nil
	}
	chain, err := registry.Build(pc.id)
	if err != nil {
		return nil, err
	}
	in.chain = chain
	in.rtcp = chain.BindRTCPWriter(base)
	return in, nil
}

func (in *interceptors) close() {
	if in.chain == nil || in.closed.Swap(true) {
		return
	}
	if err := in.chain.Close(); err != nil {
		in.pc.log.Debug("the interceptors do not close", "reason", err)
	}
}

// bindLocal puts the interceptors before a stream that is sent. It returns nil for
// the writer if they change nothing.
func (in *interceptors) bindLocal(b *trackBinding, p RTPCodecParameters, end *transceiver.Writer) (*interceptor.StreamInfo, interceptor.RTPWriter) {
	if in.chain == nil || in.closed.Load() {
		return nil, nil
	}
	c := codecFrom(p)
	info := streamInfo(b.id, uint32(b.SSRC()), b.config().RTXSSRC, c, b.terms.Load().media.SendCodecs, b.HeaderExtensions())
	base := &streamWriter{end: end}
	chain := in.chain.BindLocalStream(info, base)
	if same, ok := chain.(*streamWriter); ok && same == base {
		return info, nil
	}
	return info, chain
}

func (in *interceptors) unbindLocal(info *interceptor.StreamInfo) {
	if !in.closed.Load() {
		in.chain.UnbindLocalStream(info)
	}
}

// bindRemote puts the interceptors behind a stream that is received.
func (in *interceptors) bindRemote(t *TrackRemote, base *trackReader) (*interceptor.StreamInfo, interceptor.RTPReader) {
	if in.closed.Load() {
		return nil, base
	}
	info := streamInfo(t.ID(), base.ssrc, uint32(t.RtxSSRC()), codecFrom(t.Codec()), t.receiver.agreed.Load().ReceiveCodecs, t.receiver.GetParameters().HeaderExtensions)
	return info, in.chain.BindRemoteStream(info, base)
}

func (in *interceptors) unbindRemote(info *interceptor.StreamInfo) {
	if !in.closed.Load() {
		in.chain.UnbindRemoteStream(info)
	}
}

// rtcpReader returns a reader of the queue with the interceptors on its way.
func (in *interceptors) rtcpReader(q *rtcpQueue) interceptor.RTCPReader {
	base := interceptor.RTCPReaderFunc(func(b []byte, a interceptor.Attributes) (int, interceptor.Attributes, error) {
		n, err := q.read(b)
		return n, a, err
	})
	if in.chain == nil {
		return base
	}
	return in.chain.BindRTCPReader(base)
}

func streamInfo(id string, ssrc, rtx uint32, c codec.Codec, all []codec.Codec, extensions []RTPHeaderExtensionParameter) *interceptor.StreamInfo {
	info := &interceptor.StreamInfo{
		ID:                 id,
		Attributes:         interceptor.Attributes{},
		SSRC:               ssrc,
		SSRCRetransmission: rtx,
		PayloadType:        c.PayloadType,
		MimeType:           c.MimeType,
		ClockRate:          c.ClockRate,
		Channels:           c.Channels,
		SDPFmtpLine:        c.Fmtp,
	}
	for _, x := range all {
		if apt, ok := x.Apt(); ok && apt == c.PayloadType {
			info.PayloadTypeRetransmission = x.PayloadType
		}
	}
	for _, f := range c.Feedback {
		info.RTCPFeedback = append(info.RTCPFeedback, interceptor.RTCPFeedback{Type: f.Type, Parameter: f.Parameter})
	}
	for _, e := range extensions {
		info.RTPHeaderExtensions = append(info.RTPHeaderExtensions, interceptor.RTPHeaderExtension{URI: e.URI, ID: e.ID})
	}
	return info
}

// WriteRTCP sends RTCP packets of the program's own to the peer. What calls need
// is sent by itself; a key frame is better asked for by
// TrackRemote.RequestKeyFrame. It returns an InvalidStateError after Close, and
// nothing if there is no path yet: the packets are lost then.
func (pc *PeerConnection) WriteRTCP(pkts []rtcp.Packet) error {
	if pc.isClosed.Load() {
		return errClosed("WriteRTCP")
	}
	_, err := pc.interceptors.rtcp.Write(pkts, nil)
	return err
}

// sendRTCP sends packets over every transport that carries media: with BUNDLE
// there is one, and a peer ignores what is about streams that it does not know
// (RFC 3550 §6.3.3). A transport that is not connected loses them.
func (pc *PeerConnection) sendRTCP(packets []rtcp.Packet) (n int, err error) {
	now := time.Now()
	var failures []error
	for _, t := range *pc.mediaTransports.Load() {
		switch sent, err := t.media.Load().WriteRTCP(now, packets); {
		case err == nil:
			n = sent
		case !errors.Is(err, transceiver.ErrNoKeys):
			failures = append(failures, err)
		}
	}
	return n, errors.Join(failures...)
}

// parseRTCP reads a compound packet and parses it. What cannot be parsed of it, as
// application-layer feedback of a kind that is not known, is an rtcp.RawPacket,
// and spoils nothing beside it.
func parseRTCP(read func([]byte) (int, interceptor.Attributes, error)) ([]rtcp.Packet, interceptor.Attributes, error) {
	b := make([]byte, rtcpReadSize)
	n, attributes, err := read(b)
	for errors.Is(err, io.ErrShortBuffer) { // no path carries that; what follows is read
		n, attributes, err = read(b)
	}
	if err != nil {
		return nil, nil, err
	}
	var packets []rtcp.Packet
	for rest := b[:n]; len(rest) >= 4; {
		// RFC 3550 §6.4.1: the length is in words, less one.
		size := min(4*(int(binary.BigEndian.Uint16(rest[2:]))+1), len(rest))
		parsed, err := rtcp.Unmarshal(rest[:size:size])
		if err != nil {
			raw := rtcp.RawPacket(rest[:size:size])
			parsed = []rtcp.Packet{&raw}
		}
		packets, rest = append(packets, parsed...), rest[size:]
	}
	return packets, attributes, nil
}

// rtcpReadSize is enough for any datagram that a path carries.
const rtcpReadSize = 1500

// readRTCP reads a queue for the program.
func (s *RTPSender) readRTCP(e *senderEncoding, b []byte) (int, interceptor.Attributes, error) {
	return e.rtcp.readThrough(s.pc.interceptors, b)
}
