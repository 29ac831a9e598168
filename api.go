package webrtc

import "sync"

// An API makes connections that share settings. The zero value and the
// package-level functions use the defaults.
type API struct {
	settings SettingEngine
}

// NewAPI returns an API with the given options: WithSettingEngine.
func NewAPI(options ...func(*API)) *API {
	api := &API{}
	for _, option := range options {
		option(api)
	}
	return api
}

// WithSettingEngine gives an API its settings. They are copied: what is set on
// s afterwards has no effect.
func WithSettingEngine(s SettingEngine) func(*API) {
	return func(api *API) { api.settings = s }
}

// defaultAPI is the API of the package-level functions.
var defaultAPI = sync.OnceValue(func() *API { return NewAPI() })
