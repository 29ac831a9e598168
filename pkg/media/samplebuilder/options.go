package samplebuilder

import (
	"time"

	"github.com/pion/rtp"
)

// An Option configures a SampleBuilder.
type Option func(o *SampleBuilder)

// WithMaxTimeDelay bounds by media time how long a sample is held back for a
// missing packet: packets are given up when the newest one's RTP timestamp is
// more than maxLateDuration after that of the oldest one in the buffer. Zero,
// the default, and less mean no bound but the number of packets that New was
// given.
func WithMaxTimeDelay(maxLateDuration time.Duration) Option {
	return func(o *SampleBuilder) {
		o.maxDelay = uint32(min(max(int64(maxLateDuration.Seconds()*float64(o.sampleRate)), 0), 1<<31-1))
	}
}

// WithPacketHeadHandler sets a function that is called once for each sample,
// after the depacketizer has read the first of its packets. It is given the
// depacketizer, which has the fields of that packet's payload header, such as a
// *codecs.VP8Packet, and its result becomes the sample's Metadata.
func WithPacketHeadHandler(h func(headPacket any) any) Option {
	return func(o *SampleBuilder) { o.headHandler = h }
}

// WithPacketReleaseHandler sets a function that is called once for each packet
// that was pushed, when the builder does not need it any more: its sample has
// been built, or it has been dropped. It may put the packet back into a pool.
func WithPacketReleaseHandler(h func(*rtp.Packet)) Option {
	return func(o *SampleBuilder) { o.releaseHandler = h }
}

// WithRTPHeaders says whether samples carry copies of the headers of their
// packets, which costs allocations.
func WithRTPHeaders(enable bool) Option {
	return func(o *SampleBuilder) { o.headers = enable }
}

// WithImmediateSamples returns a sample as soon as its last packet is there,
// one frame earlier than otherwise, for programs that pass samples on live. The
// time to the next sample is not known then: Duration is the time since the
// sample before, and zero for the first. It needs a codec that marks the last
// packet of a frame; samples of others are returned with the first packet of
// the next one.
func WithImmediateSamples() Option {
	return func(o *SampleBuilder) { o.immediate = true }
}
