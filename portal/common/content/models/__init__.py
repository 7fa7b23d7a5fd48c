from portal.common.content.models.contacts import AgentGroup, ContactLine, ContactProduct
from portal.common.content.models.legal import PrivacyStatement
from portal.common.content.models.library import NewsItem, Resource
from portal.common.content.models.training import TrainingCompletion, TrainingCourse

__all__ = [
    "AgentGroup",
    "ContactLine",
    "ContactProduct",
    "NewsItem",
    "PrivacyStatement",
    "Resource",
    "TrainingCompletion",
    "TrainingCourse",
]
