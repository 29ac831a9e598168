package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/pion/rtcp"

	"github.com/parleyrtc/webrtc"
	"github.com/parleyrtc/webrtc/pkg/media"

	"github.com/parleyrtc/webrtc/examples/internal/clips"
	"github.com/parleyrtc/webrtc/examples/internal/codecs"
	"github.com/parleyrtc/webrtc/examples/internal/diagram"
	"github.com/parleyrtc/webrtc/examples/internal/player"
	"github.com/parleyrtc/webrtc/examples/internal/rtpcount"
)

// A stream is a video or a sound on its way from A to B.
type stream struct {
	name    string
	kind    webrtc.RTPCodecType
	codec   webrtc.RTPCodecCapability
	open    func() (player.Samples, error)
	track   *webrtc.TrackLocalStaticSample
	sender  *webrtc.RTPSender
	frames  int           // that A has sent
	arrived chan struct{} // closed when B has the first packet
	first   sync.Once     // closes it

	mu     sync.Mutex       // guards all below
	count  rtpcount.Counter // B's own
	report *rtcp.ReceptionReport
}

// addMedia has A send B a video and a sound: the offer will have a section for
// each.
func addMedia(p *pair) ([]*stream, error) {
	video := &stream{
		name:  "Video",
		kind:  webrtc.RTPCodecTypeVideo,
		codec: codecs.VP8,
		open: func() (player.Samples, error) {
			samples, _, err := player.IVF(clips.Video())
			return samples, err
		},
	}
	sound := &stream{
		name:  "Sound",
		kind:  webrtc.RTPCodecTypeAudio,
		codec: codecs.Opus,
		open:  func() (player.Samples, error) { return player.Ogg(clips.Sound()) },
	}
	streams := []*stream{video, sound}
	for _, s := range streams {
		s.arrived = make(chan struct{})
		s.count.ClockRate = s.codec.ClockRate
		var err error
		if s.track, err = webrtc.NewTrackLocalStaticSample(s.codec, s.kind.String(), "clip"); err != nil {
			return nil, err
		}
		if s.sender, err = p.a.AddTrack(s.track); err != nil {
			return nil, err
		}
	}
	p.b.OnTrack(func(track *webrtc.TrackRemote, _ *webrtc.RTPReceiver) {
		for _, s := range streams {
			if s.kind == track.Kind() {
				s.receive(p, track)
			}
		}
	})
	return streams, nil
}

// receive counts what B gets, until the connection ends.
func (s *stream) receive(p *pair, track *webrtc.TrackRemote) {
	p.log.Note(diagram.PeerB, diagram.KindMedia, fmt.Sprintf("track of %s", track.Codec().MimeType))
	s.first.Do(func() { close(s.arrived) })
	track.OnPacketPush(func(packet *webrtc.InboundPacket) {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.count.Packet(&packet.Packet, packet.Arrival)
	})
}

// readReports keeps the latest of what B reports of the stream, until the
// connection ends.
func (s *stream) readReports() {
	for {
		packets, _, err := s.sender.ReadRTCP()
		if err != nil {
			return
		}
		ssrc := uint32(s.sender.GetParameters().Encodings[0].SSRC)
		for _, packet := range packets {
			if report := receptionReport(packet, ssrc); report != nil {
				s.mu.Lock()
				s.report = report
				s.mu.Unlock()
			}
		}
	}
}

// receptionReport returns what a report says of a stream: receivers that send
// nothing say it in receiver reports, others in sender reports (RFC 3550 §6.4).
func receptionReport(packet rtcp.Packet, ssrc uint32) *rtcp.ReceptionReport {
	var all []rtcp.ReceptionReport
	switch packet := packet.(type) {
	case *rtcp.ReceiverReport:
		all = packet.Reports
	case *rtcp.SenderReport:
		all = packet.Reports
	}
	for _, report := range all {
		if report.SSRC == ssrc {
			return &report
		}
	}
	return nil
}

// play sends the clips side by side at their natural pace and returns when they
// are over and B has reported on all of it.
func play(ctx context.Context, p *pair, streams []*stream, length time.Duration) error {
	p.log.Note(diagram.PeerA, diagram.KindMedia, fmt.Sprintf("plays a clip of %v", length))
	played := make(chan error, len(streams))
	for _, s := range streams {
		go s.readReports()
		go func() { // ends with the clip or the context
			played <- player.Play(ctx, player.Loop(s.open, length), func(sample media.Sample) error {
				s.frames++
				return s.track.WriteSample(sample)
			})
		}()
	}
	for range streams {
		if err, failed := await(ctx, p, "the clip", played); err != nil || failed != nil {
			return errors.Join(err, failed)
		}
	}
	p.log.Note(diagram.PeerA, diagram.KindMedia, "the clip is over")
	return reported(ctx, p, streams)
}

// reportTime is how long a receiver takes at most between two reports: five
// seconds, and as much again by half (RFC 3550 §6.2 and §6.3.1).
const reportTime = 7500 * time.Millisecond

// reported waits until B has reported on the last packet of each stream. Where
// reports are lost the latest has to do.
func reported(ctx context.Context, p *pair, streams []*stream) error {
	ctx, cancel := context.WithTimeout(ctx, reportTime)
	defer cancel()
	for _, s := range streams {
		if _, err := await(ctx, p, fmt.Sprintf("the first packet of the %s", s.kind), s.arrived); err != nil {
			return err
		}
	}
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for !reportedAll(streams) {
		select {
		case <-tick.C:
		case <-ctx.Done():
			return nil
		}
	}
	return nil
}

func reportedAll(streams []*stream) bool {
	for _, s := range streams {
		s.mu.Lock()
		done := s.report != nil && s.count.Packets() > 0 && uint16(s.report.LastSequenceNumber) == s.count.Newest()
		s.mu.Unlock()
		if !done {
			return false
		}
	}
	return true
}

// reportMedia prints what B has counted and what it has reported to A.
func reportMedia(out io.Writer, streams []*stream) error {
	var errs []error
	for _, s := range streams {
		s.mu.Lock()
		reported := "nothing"
		if s.report != nil {
			jitter := time.Duration(s.report.Jitter) * time.Second / time.Duration(s.codec.ClockRate)
			reported = fmt.Sprintf("%d lost, jitter %s", s.report.TotalLost, milliseconds(jitter))
		}
		_, err := fmt.Fprintf(out, `%-14s %d frames of %s from A; B counted %d packets, %d lost, jitter %s
               and reported to A: %s
`,
			s.name, s.frames, s.codec.MimeType, s.count.Packets(), s.count.Lost(), milliseconds(s.count.Jitter()), reported)
		s.mu.Unlock()
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

func milliseconds(d time.Duration) string {
	return fmt.Sprintf("%.2f ms", float64(d.Microseconds())/1000)
}
