{{/* The configuration file. */}}
{{- define "lastack.settings" -}}
{{- $host := include "lastack.host" .Values.bindAddress -}}
{{- $name := include "lastack.fullname" . -}}
source: [kubernetes]
ads: {{ printf "%s:15010" $host | quote }}
api: {{ printf "%s:15014" $host | quote }}
{{- with include "lastack.namespaces" . }}
namespace_selector: {{ . | quote }}
{{- end }}
{{- if .Values.ha.enabled }}
lease: {{ .Release.Namespace }}/{{ $name }}
lease_duration: {{ toJson .Values.ha.leaseDuration }}
{{- else }}
state_dir: /var/lib/lastack
{{- end }}
{{- if not .Values.statusConditions }}
status_conditions: false
{{- end }}
{{- if .Values.pods.enabled }}
pods: true
{{- end }}
{{- if include "lastack.drain" . }}
drain: {{ printf "%s:15016" $host | quote }}
{{- with .Values.drain.clusterIP }}
drain_address: {{ printf "%s:15016" (include "lastack.host" .) | quote }}
{{- end }}
{{- end }}
{{- if .Values.webhook.enabled }}
webhook: {{ printf "%s:15017" $host | quote }}
{{- if .Values.webhook.certManager.enabled }}
webhook_cert: /etc/lastack/webhook/tls.crt
webhook_key: /etc/lastack/webhook/tls.key
{{- else }}
webhook_service: {{ .Release.Namespace }}/{{ include "lastack.webhook" . }}
webhook_configuration: {{ include "lastack.webhookConfiguration" . }}
{{- end }}
{{- end }}
{{- with .Values.remoteSecrets.namespace }}
remote_secrets: {{ . }}
{{- end }}
{{- with .Values.remoteSecrets.allowUnreachable }}
allow_unreachable: {{ toJson . }}
{{- end }}
{{- if .Values.tls.secretName }}
tls_cert: /etc/lastack/tls/tls.crt
tls_key: /etc/lastack/tls/tls.key
{{- if .Values.tls.clientCA }}
tls_client_ca: /etc/lastack/tls/ca.crt
{{- end }}
{{- end }}
{{- range $setting, $value := .Values.settings }}
{{ $setting }}: {{ toJson $value }}
{{- end }}
{{- end -}}
