package webrtc

import (
	"sync"

	"github.com/pion/interceptor"
)

// An API makes connections that share settings. The zero value and the
// package-level functions use the defaults.
type API struct {
	settings SettingEngine
	// mediaEngine is nil for the default one.
	mediaEngine *MediaEngine
	// interceptors is nil if the program gave none.
	interceptors *interceptor.Registry
}

// NewAPI returns an API with the given options: WithSettingEngine,
// WithMediaEngine, WithInterceptorRegistry.
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

// WithMediaEngine gives an API the codecs and header extensions of its
// connections. What is registered with m afterwards is for the connections that
// are made from then on. nil means the defaults.
func WithMediaEngine(m *MediaEngine) func(*API) {
	return func(api *API) { api.mediaEngine = m }
}

// WithInterceptorRegistry gives an API the interceptors of its connections. They
// see packets beside what the library does by itself, which needs none: without
// a registry there are no interceptors, and a MediaEngine that was given gets
// what RegisterDefaultInterceptors registers.
func WithInterceptorRegistry(ir *interceptor.Registry) func(*API) {
	return func(api *API) { api.interceptors = ir }
}

// media returns what a new connection negotiates. It is the connection's own.
func (api *API) media() *MediaEngine {
	if api.mediaEngine == nil {
		return defaultMediaEngine().clone()
	}
	m := api.mediaEngine.clone()
	if api.interceptors == nil {
		// It fails for want of a MediaEngine only.
		_ = RegisterDefaultInterceptors(m, nil)
	}
	return m
}

var defaultMediaEngine = sync.OnceValue(newDefaultMediaEngine)

// defaultAPI is the API of the package-level functions.
var defaultAPI = sync.OnceValue(func() *API { return NewAPI() })
