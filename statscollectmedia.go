package webrtc

import (
	"fmt"
	"time"

	"github.com/parleyrtc/webrtc/internal/codec"
	"github.com/parleyrtc/webrtc/transceiver"
)

func sourceStatsID(tr *RTPTransceiver, track string) string {
	return fmt.Sprintf("S%d-%s", tr.id, digest(track))
}

// sources collects the tracks that a transceiver's sender has. Their identifiers are
// the program's to tell.
func (c *statsCollector) sources(tr *RTPTransceiver) {
	for _, track := range tr.Sender().tracks {
		if track == nil || tr.stopping {
			continue
		}
		c.programs = append(c.programs, func() {
			name := track.ID()
			id := sourceStatsID(tr, name)
			if tr.kind == RTPCodecTypeVideo {
				c.report[id] = VideoSourceStats{Timestamp: c.at, Type: StatsTypeMediaSource, ID: id, TrackIdentifier: name, Kind: "video"}
			} else {
				c.report[id] = AudioSourceStats{Timestamp: c.at, Type: StatsTypeMediaSource, ID: id, TrackIdentifier: name, Kind: "audio"}
			}
		})
	}
}

// codec collects a codec, and returns its ID; "" for one that was not negotiated.
func (c *statsCollector) codec(t *transport, way CodecType, codecs []codec.Codec, payloadType uint8) string {
	for _, k := range codecs {
		if k.PayloadType != payloadType {
			continue
		}
		id := fmt.Sprintf("C%d-%s-%d-%s", t.id, way, payloadType, digest(k.MimeType, k.ClockRate, k.Channels, k.Fmtp))
		c.report[id] = CodecStats{
			Timestamp: c.at, Type: StatsTypeCodec, ID: id, PayloadType: PayloadType(payloadType), CodecType: way,
			TransportID: t.statsID(), MimeType: k.MimeType, ClockRate: k.ClockRate, Channels: uint8(k.Channels), SDPFmtpLine: k.Fmtp,
		}
		return id
	}
	return ""
}

// outbound collects the streams of a sender, and what the peer says of them.
func (c *statsCollector) outbound(tr *RTPTransceiver) {
	sender, t := tr.Sender(), tr.transport
	for i, e := range sender.encodings {
		stream := e.known.Load()
		if stream == nil {
			continue
		}
		n := stream.Stats()
		s := OutboundRTPStreamStats{
			Timestamp: c.at, Type: StatsTypeOutboundRTP, ID: fmt.Sprintf("O%d-%d", tr.id, n.SSRC),
			SSRC: SSRC(n.SSRC), Kind: tr.kind.String(), TransportID: t.statsID(),
			Mid: tr.mid, Rid: n.RID, EncodingIndex: uint32(i), Active: n.Active,
			PacketsSent:              uint32(n.Packets + n.Retransmitted),
			BytesSent:                n.Bytes + n.RetransmittedBytes,
			HeaderBytesSent:          n.HeaderBytes + n.RetransmittedHeaderBytes,
			RetransmittedPacketsSent: n.Retransmitted, RetransmittedBytesSent: n.RetransmittedBytes,
			RTXSSRC: SSRC(n.RTXSSRC), LastPacketSentTimestamp: statsTime(n.LastSent),
			NACKCount: uint32(n.Nacks), FIRCount: uint32(n.Firs), PLICount: uint32(n.Plis),
		}
		if tr.kind == RTPCodecTypeVideo {
			s.FramesSent, s.FramesEncoded = uint32(n.Frames), uint32(n.Frames)
		}
		if codecs := tr.media.SendCodecs; n.Packets > 0 {
			s.CodecID = c.codec(t, CodecTypeEncode, codecs, n.PayloadType)
		} else if len(codecs) > 0 {
			s.CodecID = c.codec(t, CodecTypeEncode, codecs, codecs[0].PayloadType)
		}
		c.bitrates[t] = max(c.bitrates[t], n.Remote.Bitrate)
		c.remoteInbound(&s, n.Remote)
		c.report[s.ID] = s
		if track := sender.tracks[i]; track != nil {
			c.programs = append(c.programs, func() {
				s.MediaSourceID = sourceStatsID(tr, track.ID())
				c.report[s.ID] = s
			})
		}
	}
}

func (c *statsCollector) remoteInbound(local *OutboundRTPStreamStats, n transceiver.RemoteStats) {
	if n.Time.IsZero() {
		return
	}
	s := RemoteInboundRTPStreamStats{
		Timestamp: statsTime(n.Time), Type: StatsTypeRemoteInboundRTP, ID: "R" + local.ID, LocalID: local.ID,
		SSRC: local.SSRC, Kind: local.Kind, TransportID: local.TransportID, CodecID: local.CodecID,
		PacketsReceived: uint32(n.Received), PacketsLost: n.Lost, FractionLost: n.FractionLost, Jitter: n.Jitter.Seconds(),
		RoundTripTime: n.RTT.Seconds(), TotalRoundTripTime: n.TotalRTT.Seconds(), RoundTripTimeMeasurements: n.Measurements,
		PacketsReceivedWithECT1: n.ECT1, PacketsReceivedWithCE: n.CE,
		PacketsReportedAsLost: n.ReportedLost, PacketsReportedAsLostButRecovered: n.ReportedRecovered,
	}
	local.RemoteID = s.ID
	c.report[s.ID] = s
}

// inbound collects the streams of a receiver, and what the peer says of them.
func (c *statsCollector) inbound(tr *RTPTransceiver) {
	r, t := tr.receiver, tr.transport
	sources := r.core.Sources(c.now)
	for _, n := range r.core.Stats() {
		if n.Repair || n.Packets+n.Recovered == 0 {
			continue
		}
		s := InboundRTPStreamStats{
			Timestamp: c.at, Type: StatsTypeInboundRTP, ID: fmt.Sprintf("I%d-%d", tr.id, n.SSRC),
			SSRC: SSRC(n.SSRC), Kind: tr.kind.String(), TransportID: t.statsID(),
			CodecID:         c.codec(t, CodecTypeDecode, tr.media.ReceiveCodecs, n.PayloadType),
			TrackIdentifier: r.main.ID(), Mid: tr.mid, Rid: n.RID,
			PacketsReceived:         uint32(n.Packets + n.RetransmittedPackets),
			BytesReceived:           n.Bytes + n.RetransmittedBytes,
			HeaderBytesReceived:     n.HeaderBytes + n.RetransmittedHeaderBytes,
			PacketsReceivedWithECT1: n.ECT1, PacketsReceivedWithCE: n.CE,
			PacketsReportedAsLost: n.ReportedLost, PacketsReportedAsLostButRecovered: n.ReportedRecovered,
			PacketsLost: int32(n.Lost), Jitter: n.Jitter.Seconds(),
			PacketsDiscarded: uint32(n.Discarded), PacketsRepaired: uint32(n.Recovered), PacketsDuplicated: uint32(n.Duplicates),
			LastPacketReceivedTimestamp:  statsTime(n.LastArrival),
			RetransmittedPacketsReceived: n.RetransmittedPackets, RetransmittedBytesReceived: n.RetransmittedBytes,
			RTXSSRC: SSRC(n.RTXSSRC), FECPacketsReceived: uint32(n.FECPackets), FECPacketsDiscarded: n.FECPackets,
			NACKCount: uint32(n.NACKs), FIRCount: uint32(n.FIRs), PLICount: uint32(n.PLIs),
		}
		if track := n.Track; track != nil && track.SSRC() == n.SSRC {
			q := track.Stats()
			s.PacketsDiscarded += uint32(q.Dropped + q.Late)
		}
		if tr.kind == RTPCodecTypeVideo {
			s.FramesReceived = uint32(n.Frames)
		}
		for _, source := range sources {
			if source.Source == n.SSRC && !source.Contributing && source.HasLevel {
				s.AudioLevel = linearLevel(source.Level)
			}
		}
		c.remoteOutbound(&s, n)
		c.report[s.ID] = s
		c.playout(s, r.main)
	}
}

func (c *statsCollector) remoteOutbound(local *InboundRTPStreamStats, n transceiver.StreamStats) {
	if n.SenderReports == 0 {
		return
	}
	s := RemoteOutboundRTPStreamStats{
		Timestamp: statsTime(n.SenderArrival), Type: StatsTypeRemoteOutboundRTP, ID: "R" + local.ID, LocalID: local.ID,
		SSRC: local.SSRC, Kind: local.Kind, TransportID: local.TransportID, CodecID: local.CodecID,
		PacketsSent: n.SenderPackets, BytesSent: uint64(n.SenderOctets),
		RemoteTimestamp: statsTime(n.SenderTime), ReportsSent: n.SenderReports,
		RoundTripTime: n.RTT.Seconds(), TotalRoundTripTime: n.TotalRTT.Seconds(), RoundTripTimeMeasurements: n.Measurements,
	}
	local.RemoteID = s.ID
	c.report[s.ID] = s
}

// playout has what plays a track tell of itself.
func (c *statsCollector) playout(s InboundRTPStreamStats, track *TrackRemote) {
	provider := track.playout.Load()
	if provider == nil {
		return
	}
	c.programs = append(c.programs, func() {
		p, ok := (*provider).Snapshot(c.now.Round(time.Microsecond))
		if !ok || p.ID == "" {
			return
		}
		p.Timestamp, p.Type, p.Kind = c.at, StatsTypeMediaPlayout, "audio"
		c.report[p.ID] = p
		s.PlayoutID = p.ID
		c.report[s.ID] = s
	})
}
