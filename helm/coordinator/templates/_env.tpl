{{/* The configuration of each process; every name is one of services/coordinator/src/config.ts, and no other is accepted there. */}}
{{- define "sumveil.sharedEnv" -}}
SUMVEIL_TRUST_DOMAIN: {{ .Values.trustDomain | quote }}
SUMVEIL_LOG_ORIGIN: {{ .Values.logOrigin | quote }}
SUMVEIL_DATABASE_URL_FILE: /run/sumveil/database-url
{{- end }}

{{- define "sumveil.apiEnv" -}}
{{ include "sumveil.sharedEnv" . }}
SUMVEIL_QUEUE_URL_FILE: /run/sumveil/queue-url
{{- end }}

{{- define "sumveil.workerEnv" -}}
{{ include "sumveil.sharedEnv" . }}
SUMVEIL_QUEUE_URL_FILE: /run/sumveil/queue-url
{{- end }}

{{- define "sumveil.signerEnv" -}}
{{ include "sumveil.sharedEnv" . }}
{{- end }}
