package webrtc

// SetFireOnTrackBeforeFirstRTP has OnTrack called as soon as the descriptions of
// both sides have a track, before its first packet: codec and SSRC are not known
// then. The default is to wait for the packet, as tracks of simulcast always do.
func (e *SettingEngine) SetFireOnTrackBeforeFirstRTP(fireOnTrackBeforeFirstRTP bool) {
	e.trackBeforePacket = fireOnTrackBeforeFirstRTP
}

// DisableReceiveModeration says whether sockets are read as soon as something comes,
// whatever else does. By default, while media comes faster than two datagrams a
// millisecond, a socket's goroutine lets it gather for up to 2 ms, which spares much
// CPU and delays what comes by the same socket as much, data channels included. A
// sender that waits for the reader is noticed and not slowed down. Only Linux has this, and shared ports (SetICEUDPMux) never do.
func (e *SettingEngine) DisableReceiveModeration(isDisabled bool) { e.unmoderated = isDisabled }

// SetSRTPReplayProtectionWindow sets how many packets of a stream may overtake one
// before it is taken for a replay and dropped (RFC 3711 §3.3.2); 0 means the
// default of 512. The window is rounded up to a power of two from 64 to 32768.
func (e *SettingEngine) SetSRTPReplayProtectionWindow(n uint) { e.srtp.ReplayWindow = replayWindow(n) }

// SetSRTCPReplayProtectionWindow does the same: RTP and RTCP have one window's
// size, the larger of the two that are set.
func (e *SettingEngine) SetSRTCPReplayProtectionWindow(n uint) {
	e.srtp.ReplayWindow = max(e.srtp.ReplayWindow, replayWindow(n))
}

func replayWindow(n uint) int { return int(min(n, 32768)) }

// DisableSRTPReplayProtection is there for programs that call it and does nothing:
// a packet that comes twice is given to the program once in any case.
func (e *SettingEngine) DisableSRTPReplayProtection(bool) {}

// DisableSRTCPReplayProtection does nothing, as DisableSRTPReplayProtection.
func (e *SettingEngine) DisableSRTCPReplayProtection(bool) {}

// DisableMediaEngineCopy is there for programs that call it and does nothing: what
// one connection negotiates never changes a MediaEngine, so that copies of it need
// not be told from the original.
func (e *SettingEngine) DisableMediaEngineCopy(bool) {}

// DisableMediaEngineMultipleCodecs is there for programs that call it and does
// nothing: each section of a description has codecs of its own.
func (e *SettingEngine) DisableMediaEngineMultipleCodecs(bool) {}

// SetHandleUndeclaredSSRCWithoutAnswer is there for programs that call it and does
// nothing: the peer can send nothing that could be decrypted before its answer
// has come, and streams that no description declares are told apart by MID, RID
// and payload type.
func (e *SettingEngine) SetHandleUndeclaredSSRCWithoutAnswer(bool) {}

// SetIgnoreRidPauseForRecv is there for programs that call it and does nothing: a
// stream that the peer has paused is accepted without being paused.
func (e *SettingEngine) SetIgnoreRidPauseForRecv(bool) {}
